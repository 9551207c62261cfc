// Which tables a report reads: for each part of its range the coarsest sums that can answer, and events for what is
// left. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/base/clock.h"

namespace sluice::usage {

// How long sums are there; days stay.
inline constexpr std::chrono::days kMinutesKept{3};
inline constexpr std::chrono::days kQuartersKept{100};

enum class Source : std::uint8_t { kDays, kQuarters, kMinutes, kEvents };

struct Piece {
  Source source;
  SystemTime from;   // included
  SystemTime until;  // not included
};

// Pieces without gaps, oldest first. None is coarser than `coarsest`.
[[nodiscard]] std::vector<Piece> pieces_of(SystemTime from, SystemTime until, Source coarsest, SystemTime now);

}  // namespace sluice::usage
