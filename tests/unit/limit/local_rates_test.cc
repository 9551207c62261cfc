#include "dataplane/limit/local_rates.h"

#include <catch2/catch.hpp>

namespace sluice {
namespace {

using limit::LocalRates;
using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

bool take(LocalRates& rates, std::uint32_t per_minute, std::uint32_t amount, SteadyTime now) {
  if (rates.wait_for("user:1:requests", per_minute, amount, now).count() != 0) return false;
  rates.charge("user:1:requests", per_minute, amount, now);
  return true;
}

TEST_CASE("a minute's worth may come at once, then one as each falls due") {
  LocalRates rates([] { return 1U; });
  for (int i = 0; i < 6; ++i)
    REQUIRE(take(rates, 6, 1, kNow));
  CHECK_FALSE(take(rates, 6, 1, kNow));
  CHECK(rates.wait_for("user:1:requests", 6, 1, kNow) == seconds(10));
  CHECK_FALSE(take(rates, 6, 1, kNow + milliseconds(9'999)));
  CHECK(take(rates, 6, 1, kNow + seconds(10)));
  CHECK_FALSE(take(rates, 6, 1, kNow + seconds(10)));
  CHECK(rates.wait_for("user:2:requests", 6, 1, kNow).count() == 0);
}

TEST_CASE("a node allows its share, at least one a minute") {
  LocalRates rates([] { return 4U; });
  CHECK(rates.share_of(10) == 2);
  CHECK(rates.share_of(3) == 1);
  CHECK(take(rates, 10, 1, kNow));
  CHECK(take(rates, 10, 1, kNow));
  CHECK_FALSE(take(rates, 10, 1, kNow));
}

TEST_CASE("more than a minute's worth passes only when nothing is owed") {
  LocalRates rates([] { return 1U; });
  CHECK(take(rates, 100, 1000, kNow));
  CHECK_FALSE(take(rates, 100, 1, kNow));
  CHECK(take(rates, 100, 1000, kNow + seconds(60)));
}

TEST_CASE("corrections go both ways and never owe more than a minute") {
  LocalRates rates([] { return 1U; });
  REQUIRE(take(rates, 60, 60, kNow));
  rates.charge("user:1:requests", 60, -30, kNow);
  CHECK(take(rates, 60, 30, kNow));
  rates.charge("user:1:requests", 60, 1'000'000, kNow);
  CHECK(rates.wait_for("user:1:requests", 60, 1, kNow) == seconds(1));
  rates.charge("user:1:requests", 60, -1'000'000, kNow);
  CHECK(take(rates, 60, 60, kNow));
  CHECK_FALSE(take(rates, 60, 1, kNow));
}

TEST_CASE("rates of the past are forgotten") {
  LocalRates rates([] { return 1U; });
  for (int i = 0; i < 100'000; ++i)
    rates.charge("user:" + std::to_string(i), 60, 1, kNow + seconds(i));
  CHECK(rates.size() < 40'000);
}

}  // namespace
}  // namespace sluice
