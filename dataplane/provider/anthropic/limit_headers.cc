#include "dataplane/provider/anthropic/limit_headers.h"

namespace sluice::provider::anthropic {

namespace {

constexpr std::string_view kPrefix = "anthropic-ratelimit-";
constexpr std::string_view kUnified = "unified-";

bool take_prefix(std::string_view& name, std::string_view prefix) {
  if (name.size() <= prefix.size() || !http::same_name(name.substr(0, prefix.size()), prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

// The entry of that name, or the first free one.
template <class Entries>
auto* entry_of(Entries& entries, std::string_view name) {
  for (auto& one : entries) {
    if (one.name.empty()) one.name = name;
    if (http::same_name(one.name, name)) return &one;
  }
  return static_cast<typename Entries::value_type*>(nullptr);
}

void sort_unified(std::string_view name, std::string_view value, LimitHeaders& into) {
  into.unified = true;
  if (http::same_name(name, "status")) into.status = value;
  if (http::same_name(name, "reset")) into.reset = value;
  if (http::same_name(name, "representative-claim")) into.claim = value;
  const std::size_t dash = name.rfind('-');
  // Windows begin with their length; others ("overage", "fallback") are not limits of what is included.
  if (dash == name.npos || name.front() < '0' || name.front() > '9') return;
  const std::string_view what = name.substr(dash + 1);
  UnifiedWindow* const window = entry_of(into.windows, name.substr(0, dash));
  if (window == nullptr) return;
  if (http::same_name(what, "status")) window->status = value;
  if (http::same_name(what, "reset")) window->reset = value;
  if (http::same_name(what, "utilization")) window->utilization = value;
}

void sort_api(std::string_view name, std::string_view value, LimitHeaders& into) {
  const std::size_t dash = name.rfind('-');
  if (dash == name.npos) return;
  const std::string_view what = name.substr(dash + 1);
  const bool remaining = http::same_name(what, "remaining");
  if (!remaining && !http::same_name(what, "reset")) return;
  if (ApiLimit* const limit = entry_of(into.limits, name.substr(0, dash))) {
    (remaining ? limit->remaining : limit->reset) = value;
  }
}

}  // namespace

LimitHeaders sort_headers(const http::ResponseHead& head) {
  LimitHeaders out;
  for (const http::Field& field : head.fields) {
    std::string_view name = field.name;
    if (!take_prefix(name, kPrefix)) continue;
    out.any = true;
    if (take_prefix(name, kUnified)) {
      sort_unified(name, field.value, out);
    } else {
      sort_api(name, field.value, out);
    }
  }
  return out;
}

}  // namespace sluice::provider::anthropic
