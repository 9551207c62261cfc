// When to refresh, and how long to wait after a failure. Pure, but for the jitter; any thread.
#pragma once

#include <chrono>
#include <optional>

#include "common/base/clock.h"

namespace sluice::oauth {

// Ahead of the end of the access token, by a quarter of its life or 30 minutes, whichever is shorter, and up to half of
// that more by chance. A token that says nothing about its life is refreshed after 30 to 45 minutes.
[[nodiscard]] SystemTime refresh_time(SystemTime now, std::optional<std::chrono::seconds> lifetime);

// After the `failures`-th failure in a row, 1 or more: 5 s doubling up to 10 min, half of it by chance, never less than
// the provider asked for.
[[nodiscard]] std::chrono::microseconds retry_pause(int failures, std::optional<std::chrono::seconds> retry_after);

}  // namespace sluice::oauth
