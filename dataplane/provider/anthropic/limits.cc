#include "dataplane/provider/anthropic/limits.h"

#include <string>

#include "dataplane/provider/limits/retry_after.h"

namespace sluice::provider::anthropic {

namespace {

constexpr std::string_view kPrefix = "anthropic-ratelimit-";

bool has_limits(const http::ResponseHead& head) {
  for (const http::Field& field : head.fields) {
    if (field.name.size() > kPrefix.size() && http::same_name(field.name.substr(0, kPrefix.size()), kPrefix))
      return true;
  }
  return false;
}

std::string_view value_of(const http::ResponseHead& head, const std::string& name) {
  return http::find(head.fields, std::string(kPrefix) + name).value_or("");
}

// A subscription's windows: one of them decides. Some are of a family of models.
bool read_unified(const http::ResponseHead& head, SystemTime now, LimitSignal& signal) {
  if (value_of(head, "unified-status") != "rejected") return false;
  const auto reset = moment(value_of(head, "unified-reset"));
  if (!reset) return false;
  const std::string_view claim = value_of(head, "unified-representative-claim");
  signal = {sensible(*reset, now), true, claim.find("opus") != claim.npos || claim.find("sonnet") != claim.npos};
  return true;
}

// An API key's limits, which are kept per model.
void read_api_limits(const http::ResponseHead& head, SystemTime now, LimitSignal& signal) {
  for (const char* kind : {"requests", "tokens", "input-tokens", "output-tokens"}) {
    if (value_of(head, std::string(kind) + "-remaining") != "0") continue;
    const auto reset = moment(value_of(head, std::string(kind) + "-reset"));
    if (!reset || *reset <= now) continue;
    const SystemTime until = sensible(*reset, now);
    if (!signal.retry_at || until > *signal.retry_at) signal = {until, true, true};
  }
}

}  // namespace

LimitSignal read_limits(const http::ResponseHead& head, std::string_view body, SystemTime now) {
  LimitSignal signal;
  if (has_limits(head) && !read_unified(head, now, signal)) read_api_limits(head, now, signal);
  if (head.status < 400) return signal;
  signal.used_up = false;
  if (signal.retry_at) return signal;
  signal.retry_at = retry_after(head.fields, now);
  if (!signal.retry_at) signal.retry_at = retry_in_body(body.substr(0, 64 * 1024), now);
  return signal;
}

}  // namespace sluice::provider::anthropic
