#include "controlplane/live/event_log.h"

#include <fmt/format.h>

#include <charconv>

#include "controlplane/live/overview.h"

namespace sluice::live {

bool EventLog::update(admin::v1::Overview now) {
  admin::v1::OverviewDelta delta = difference(now_, now);
  if (newest_ > 0 && is_empty(delta)) return false;
  now_ = std::move(now);
  ++newest_;
  deltas_.push_back(std::move(delta));
  if (deltas_.size() > kKept) deltas_.pop_front();
  return true;
}

std::uint64_t EventLog::number_of(std::string_view event_id) const {
  const std::string prefix = series_ + "-";
  if (!event_id.starts_with(prefix)) return 0;
  const std::string_view digits = event_id.substr(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && number <= newest_ ? number : 0;
}

std::uint64_t EventLog::next(std::uint64_t seen) const {
  return has_change_after(seen) ? seen + 1 : newest_;
}

admin::v1::WatchOverviewResponse EventLog::after(std::uint64_t seen) const {
  admin::v1::WatchOverviewResponse out;
  out.set_event_id(fmt::format("{}-{}", series_, next(seen)));
  if (has_change_after(seen)) {
    *out.mutable_delta() = deltas_[deltas_.size() - (newest_ - seen)];
  } else {
    *out.mutable_snapshot() = now_;
  }
  return out;
}

}  // namespace sluice::live
