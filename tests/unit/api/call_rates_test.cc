#include "controlplane/api/call_rates.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::api {

TEST_CASE("a caller has its burst, and then its rate") {
  ManualClock clock(SystemTime{});
  CallRates rates(clock, {.per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i)
    CHECK(rates.take("a"));
  const auto refused = rates.take("a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK(rates.take("b"));
  clock.advance(std::chrono::milliseconds(500));
  CHECK(rates.take("a"));
  CHECK_FALSE(rates.take("a"));
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 3; ++i)
    CHECK(rates.take("a"));
  CHECK_FALSE(rates.take("a"));
}

TEST_CASE("callers that come once do not pile up, and those who are at it are remembered") {
  ManualClock clock(SystemTime{});
  CallRates rates(clock, {.per_second = 1, .burst = 1, .callers = 10});
  for (int i = 0; i < 9; ++i)
    CHECK(rates.take("once" + std::to_string(i)));
  clock.advance(std::chrono::seconds(2));
  CHECK(rates.take("busy"));
  for (int i = 0; i < 9; ++i)
    CHECK(rates.take("again" + std::to_string(i)));
  CHECK_FALSE(rates.take("busy"));
}

}  // namespace sluice::api
