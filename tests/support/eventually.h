// Waiting in tests: poll with a generous limit instead of sleeping and asserting. Any thread.
#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace sluice::testing {

// A limit that only a hang reaches, also on a loaded machine under a sanitizer.
inline constexpr std::chrono::seconds kGenerous{30};

// Calls `predicate` every 5 ms until it is true; false once `limit` has passed. REQUIRE(eventually(kGenerous, [&]
// {...}));
template <class Predicate>
[[nodiscard]] bool eventually(std::chrono::milliseconds limit, Predicate&& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return predicate();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace sluice::testing
