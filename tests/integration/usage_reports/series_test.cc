// Buckets in time zones, on the days on which clocks change.
#include "controlplane/usage/series.h"

#include "tests/integration/usage_reports/world.h"

namespace sluice::usage {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::vector<Bucket> cut(World& world, SystemTime from, SystemTime until, Step step, const std::string& zone) {
  return world.must([&](db::Transaction& tx) { return series(tx, {.from = from, .until = until}, step, zone); });
}

std::vector<std::int64_t> counts(const std::vector<Bucket>& buckets) {
  std::vector<std::int64_t> out;
  for (const Bucket& bucket : buckets)
    out.push_back(bucket.summary.totals.requests);
  return out;
}

using Counts = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a day lasts 23 hours when clocks go forward and 25 when they go back") {
  World world;
  // One request in each hour.
  world.plant({.at = "2026-03-28 00:30:00Z"}, 72, "1 hour");
  const auto spring = cut(world, at(2026, 3, 27, 23), at(2026, 3, 30, 22), Step::kDay, "Europe/Berlin");
  REQUIRE(spring.size() == 3);
  CHECK(spring[0].start == at(2026, 3, 27, 23));
  CHECK(spring[1].start == at(2026, 3, 28, 23));
  CHECK(spring[2].start == at(2026, 3, 29, 22));
  CHECK(counts(spring) == Counts{23, 23, 24});

  world.plant({.at = "2026-10-24 00:30:00Z"}, 72, "1 hour");
  const auto autumn = cut(world, at(2026, 10, 23, 22), at(2026, 10, 26, 23), Step::kDay, "Europe/Berlin");
  REQUIRE(autumn.size() == 3);
  CHECK(autumn[1].start == at(2026, 10, 24, 22));
  CHECK(autumn[2].start == at(2026, 10, 25, 23));
  CHECK(counts(autumn) == Counts{22, 25, 24});
}

TEST_CASE("the hour that comes twice is two buckets, the one that is left out is none") {
  World world;
  world.plant({.at = "2026-11-01 04:30:00Z"}, 4, "1 hour");
  // 01:00 EDT is 05:00 UTC, 01:00 EST 06:00 UTC.
  const auto twice = cut(world, at(2026, 11, 1, 4), at(2026, 11, 1, 8), Step::kHour, "America/New_York");
  CHECK(counts(twice) == Counts{1, 1, 1, 1});
  CHECK(twice[1].start == at(2026, 11, 1, 5));
  CHECK(twice[2].start == at(2026, 11, 1, 6));
  const auto left_out = cut(world, at(2026, 3, 8, 5), at(2026, 3, 9, 4), Step::kHour, "America/New_York");
  CHECK(left_out.size() == 23);
  CHECK(left_out.front().start == at(2026, 3, 8, 5));
}

TEST_CASE("hours and days begin by the zone's clock, even 45 minutes off") {
  World world;
  world.plant({.at = "2026-05-10 18:14:00Z"});
  world.plant({.at = "2026-05-10 18:15:00Z"});
  // Midnight in Kathmandu is 18:15 UTC.
  const auto days = cut(world, at(2026, 5, 10), at(2026, 5, 11), Step::kDay, "Asia/Kathmandu");
  REQUIRE(counts(days) == Counts{1, 1});
  CHECK(days[0].start == at(2026, 5, 9, 18, 15));
  CHECK(days[1].start == at(2026, 5, 10, 18, 15));
  const auto by_hour = cut(world, at(2026, 5, 10, 17, 15), at(2026, 5, 10, 19, 15), Step::kHour, "Asia/Kathmandu");
  REQUIRE(counts(by_hour) == Counts{1, 1});
  CHECK(by_hour[1].start == at(2026, 5, 10, 18, 15));
  const auto utc = cut(world, at(2026, 5, 10), at(2026, 5, 12), Step::kDay, "");
  CHECK(counts(utc) == Counts{2, 0});
}

TEST_CASE("minutes, quarters, weeks and months have no gaps and lose nothing") {
  World world;
  world.plant({.at = "2026-02-27 23:50:00Z"}, 40, "7 hours 3 minutes");
  const SystemTime from = at(2026, 2, 1);
  const SystemTime until = at(2026, 4, 15);
  const auto weeks = cut(world, from, until, Step::kWeek, "Europe/Berlin");
  // From Monday, 26 January.
  CHECK(weeks.size() == 12);
  CHECK(weeks.front().start == at(2026, 1, 25, 23));
  const auto months = cut(world, from, until, Step::kMonth, "UTC");
  REQUIRE(months.size() == 3);
  CHECK(months[1].start == at(2026, 3, 1));
  CHECK(counts(months)[0] + counts(months)[1] == 40);
  CHECK(counts(months)[0] == 4);
  const auto quarters = cut(world, at(2026, 2, 27, 23, 40), at(2026, 2, 28), Step::kQuarterHour, "Asia/Kathmandu");
  REQUIRE(counts(quarters) == Counts{0, 1});
  CHECK(quarters[0].start == at(2026, 2, 27, 23, 30));
  const auto by_minute = cut(world, at(2026, 2, 27, 23, 49), at(2026, 2, 27, 23, 52), Step::kMinute, "Europe/Berlin");
  CHECK(counts(by_minute) == Counts{0, 1, 0});
}

TEST_CASE("too many buckets, an unknown zone and an empty range are refused with the reason") {
  World world;
  const auto refusal = [&](SystemTime until, Step step, const std::string& zone) {
    const auto result = world.may(
        [&](db::Transaction& tx) { return series(tx, {.from = at(2026, 1, 1), .until = until}, step, zone); });
    REQUIRE(!result.has_value());
    CHECK(result.error().code == ErrorCode::kInvalidArgument);
    return result.error().message;
  };
  CHECK(refusal(at(2026, 1, 3), Step::kMinute, "UTC").find("2000 buckets") != std::string::npos);
  CHECK(refusal(at(2026, 1, 2), Step::kDay, "Europe/Atlantis").find("time_zone") != std::string::npos);
  CHECK(refusal(at(2026, 1, 1), Step::kDay, "UTC").find("before until") != std::string::npos);
  CHECK(refusal(at(2027, 6, 1), Step::kMonth, "UTC").find("400 days") != std::string::npos);
}

}  // namespace sluice::usage
