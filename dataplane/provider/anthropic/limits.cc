#include "dataplane/provider/anthropic/limits.h"

#include <array>
#include <charconv>
#include <optional>

#include "dataplane/provider/anthropic/limit_headers.h"
#include "dataplane/provider/limits/moment.h"
#include "dataplane/provider/limits/retry_after.h"
#include "dataplane/provider/limits/wait_text.h"

namespace sluice::provider::anthropic {

namespace {

constexpr std::size_t kBodyLookedAt = 64 * 1024;

bool of_models(std::string_view claim) {
  return claim.find("opus") != claim.npos || claim.find("sonnet") != claim.npos || claim.find("haiku") != claim.npos;
}

void put_off(std::optional<SystemTime>& until, std::string_view reset) {
  const auto at = moment(reset);
  if (at && (!until || *at > *until)) until = at;
}

// "7d" is of the account, "7d_opus" of a family of models.
bool of_account(const UnifiedWindow& window) {
  return window.name.find_first_of("_-") == std::string_view::npos;
}

// A subscription. Nothing if its windows are not why the answer is what it is.
void read_unified(const LimitHeaders& headers, bool refused, SystemTime now, LimitSignal& signal) {
  const bool rejected = headers.status == "rejected";
  if (!rejected && !headers.status.empty()) return;
  std::optional<SystemTime> account;
  std::optional<SystemTime> models;
  for (const UnifiedWindow& window : headers.windows) {
    if (window.status == "rejected") put_off(of_account(window) ? account : models, window.reset);
  }
  const bool model_claim = of_models(headers.claim) || (headers.claim.empty() && models && !account);
  if (rejected || (refused && !account && !models)) put_off(model_claim ? models : account, headers.reset);
  const std::optional<SystemTime>& until = account ? account : models;
  // A good answer is newer than what has passed.
  if (!until || (!refused && *until <= now)) return;
  signal.retry_at = sensible(*until, now);
  signal.used_up = true;
  signal.model_only = !account;
}

void read_utilization(const LimitHeaders& headers, LimitSignal& signal) {
  constexpr std::array<std::string_view, 2> kNames = {"5h", "7d"};
  for (const UnifiedWindow& window : headers.windows) {
    double used = 0;
    const char* const end = window.utilization.data() + window.utilization.size();
    const auto parsed = std::from_chars(window.utilization.data(), end, used, std::chars_format::fixed);
    if (parsed.ec != std::errc() || parsed.ptr != end || !(used >= 0 && used < 1000)) continue;
    for (std::size_t i = 0; i < kNames.size(); ++i)
      if (window.name == kNames[i]) signal.windows[i] = {kNames[i], used};
  }
}

// An API key's limits, which are kept per model.
void read_api_limits(const LimitHeaders& headers, SystemTime now, LimitSignal& signal) {
  for (const ApiLimit& limit : headers.limits) {
    if (limit.remaining != "0") continue;
    const auto reset = moment(limit.reset);
    if (!reset || *reset <= now) continue;
    const SystemTime until = sensible(*reset, now);
    if (signal.retry_at && until <= *signal.retry_at) continue;
    signal.retry_at = until;
    signal.used_up = signal.model_only = true;
  }
}

}  // namespace

LimitSignal read_limits(const http::ResponseHead& head, std::string_view body, SystemTime now) {
  LimitSignal signal;
  const LimitHeaders headers = sort_headers(head);
  if (headers.unified) {
    read_unified(headers, head.status == 429, now, signal);
    read_utilization(headers, signal);
  }
  if (headers.any && !signal.retry_at) read_api_limits(headers, now, signal);
  if (head.status < 400) return signal;
  signal.used_up = false;
  if (!signal.retry_at) signal.retry_at = retry_after(head.fields, now);
  if (!signal.retry_at) signal.retry_at = retry_in_body(body.substr(0, kBodyLookedAt), now);
  return signal;
}

}  // namespace sluice::provider::anthropic
