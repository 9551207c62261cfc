// The overview as a row of events: what it is now, and the last changes with rising numbers, so that a client that was
// away for a moment gets only what it missed. Memory is bounded: an old number means everything anew. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/admin/v1/live.pb.h"

namespace sluice::live {

class EventLog {
 public:
  static constexpr std::size_t kKept = 256;

  // `series`: new for every log, so that numbers of another replica, or of an earlier life, mean nothing here.
  explicit EventLog(std::string series) : series_(std::move(series)) {}

  // True if something changed.
  bool update(admin::v1::Overview now);
  // The number of the newest event; 0 before the first update().
  [[nodiscard]] std::uint64_t newest() const { return newest_; }
  // The number of an event id, 0 if it is none of this series.
  [[nodiscard]] std::uint64_t number_of(std::string_view event_id) const;

  // What someone who has seen `seen` gets next: one change, or everything if that is too long ago or 0.
  // Call with seen != newest().
  [[nodiscard]] admin::v1::WatchOverviewResponse after(std::uint64_t seen) const;
  // The number that after() answers with.
  [[nodiscard]] std::uint64_t next(std::uint64_t seen) const;
  [[nodiscard]] const admin::v1::Overview& now() const { return now_; }

 private:
  [[nodiscard]] bool has_change_after(std::uint64_t seen) const {
    return seen > 0 && seen < newest_ && newest_ - seen <= deltas_.size();
  }

  const std::string series_;
  admin::v1::Overview now_;
  std::deque<admin::v1::OverviewDelta> deltas_;  // the last is number newest_
  std::uint64_t newest_ = 0;
};

}  // namespace sluice::live
