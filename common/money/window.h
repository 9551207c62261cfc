// The spans of time that money budgets run over, in the billing time zone. A request belongs to the window in which it
// arrived, on every node and in the ledger. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::money {

enum class Window : std::uint8_t { kDay, kWeek, kMonth, kTotal };

struct WindowSpan {
  std::string id;  // "day:2026-11-23", "week:2026-11-23" (its Monday), "month:2026-11", "total"
  SystemTime from{};
  SystemTime to = SystemTime::max();  // not included; kTotal never ends
};

// Whether the name is an IANA zone this machine knows. Empty is UTC and valid.
[[nodiscard]] bool is_time_zone(std::string_view zone);

// The window around `at`. Days are 23 or 25 hours long where clocks change. kInvalidArgument for an unknown zone.
[[nodiscard]] Result<WindowSpan> window_at(Window window, SystemTime at, std::string_view zone);

}  // namespace sluice::money
