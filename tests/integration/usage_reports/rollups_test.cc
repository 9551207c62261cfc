// Sums: written with the events, compacted, compared, made anew; the same whichever tables a report reads.
#include "common/base/clock.h"
#include "controlplane/usage/series.h"
#include "controlplane/usage/tend_rollups.h"
#include "controlplane/usage/top.h"
#include "tests/integration/usage_reports/world.h"

namespace sluice::usage {

namespace {

std::string sums(World& world, const std::string& table) {
  return world.sql(
      "SELECT string_agg(concat_ws(' ', bucket, user_id, model, error_class, requests, input_tokens, cost_nano_usd, "
      "purchase_nano_usd, d, f), E'\\n' ORDER BY bucket, user_id, model, error_class) FROM (SELECT bucket, user_id, "
      "model, error_class, sum(requests) AS requests, sum(input_tokens) AS input_tokens, sum(cost_nano_usd) AS "
      "cost_nano_usd, sum(purchase_nano_usd) AS purchase_nano_usd, (SELECT string_agg(b || ':' || n, ',' ORDER BY b) "
      "FROM (SELECT e >> 40 AS b, sum(e & 1099511627775) AS n FROM " +
      table +
      " AS i, unnest(i.duration) AS e WHERE (i.bucket, i.user_id, i.model, i.error_class) = (o.bucket, o.user_id, "
      "o.model, o.error_class) GROUP BY 1) x) AS d, (SELECT sum(e & 1099511627775) FROM " +
      table +
      " AS i, unnest(i.first_byte) AS e WHERE (i.bucket, i.user_id, i.model, i.error_class) = (o.bucket, o.user_id, "
      "o.model, o.error_class)) AS f FROM " +
      table + " AS o GROUP BY bucket, user_id, model, error_class) s");
}

std::string rows_of(World& world, const std::string& table) {
  return world.sql("SELECT count(*) FROM " + table);
}

void tend(World& world, SystemTime now) {
  while (world.must([&](db::Transaction& tx) { return compare_one_day(tx, now); }).any) {
  }
  world.must([&](db::Transaction& tx) { return compact_rollups(tx, now); });
}

}  // namespace

TEST_CASE("many rows of one bucket become one, and say the same") {
  World world;
  const SystemTime now = at(2026, 3, 29, 13);
  for (int i = 0; i < 5; ++i) {
    world.plant({.duration_us = 1'000'000 * (i + 1)}, 20, "17 seconds");
    world.plant({.user = 2, .outcome = 4, .status = 429, .first_byte_us = 0}, 3, "1 minute");
  }
  std::map<std::string, std::pair<std::string, int>> before;
  for (const std::string table : {"usage_minutes", "usage_quarters", "usage_days"})
    before[table] = {sums(world, table), std::stoi(rows_of(world, table))};
  world.must([&](db::Transaction& tx) { return compact_rollups(tx, now); });
  for (const auto& [table, old] : before) {
    INFO(table);
    CHECK(sums(world, table) == old.first);
    CHECK(std::stoi(rows_of(world, table)) < old.second);
  }
  CHECK(rows_of(world, "usage_days") == "2");
  // What comes later to the same bucket is added, and compacted the next time.
  world.plant({});
  CHECK(rows_of(world, "usage_days") == "3");
  world.must([&](db::Transaction& tx) { return compact_rollups(tx, now); });
  CHECK(rows_of(world, "usage_days") == "2");
}

TEST_CASE("a day whose sums are wrong is made anew from its events, and one that is right is left alone") {
  World world;
  world.plant({.at = "2026-03-27 23:59:00Z"}, 5, "40 seconds");
  world.plant({.at = "2026-03-29 10:00:00Z", .outcome = 2}, 4, "20 minutes");
  const SystemTime now = at(2026, 3, 29, 13);
  const std::string days = sums(world, "usage_days");
  const std::string quarters = sums(world, "usage_quarters");
  const std::string minutes = sums(world, "usage_minutes");
  SECTION("right") {
    tend(world, now);
    CHECK(world.sql("SELECT sum(rebuilt) FROM usage_rollup_days") == "0");
    CHECK(sums(world, "usage_days") == days);
    return;
  }
  // As a build does that does not know of sums; and as nothing should.
  world.sql(
      "DELETE FROM usage_days WHERE bucket < '2026-03-29'; DELETE FROM usage_quarters; DELETE FROM usage_minutes;"
      "UPDATE usage_days SET requests = requests + 1");
  tend(world, now);
  CHECK(sums(world, "usage_days") == days);
  CHECK(sums(world, "usage_quarters") == quarters);
  CHECK(sums(world, "usage_minutes") == minutes);
  CHECK(world.sql("SELECT sum(rebuilt) FROM usage_rollup_days") == "3");
}

TEST_CASE("old days are made anew without the sums that are dropped by then") {
  World world;
  world.plant({.at = "2026-01-10 10:00:00Z"});
  world.plant({.at = "2025-11-10 10:00:00Z"});
  world.sql("DELETE FROM usage_days; DELETE FROM usage_quarters; DELETE FROM usage_minutes");
  tend(world, at(2026, 3, 29));
  CHECK(rows_of(world, "usage_days") == "2");
  CHECK(rows_of(world, "usage_quarters") == "1");
  CHECK(rows_of(world, "usage_minutes") == "0");
}

TEST_CASE("a report says the same whatever it reads") {
  World world;
  for (int i = 0; i < 6; ++i)
    world.plant({.at = "2026-03-26 22:13:07Z", .user = 1 + i % 2, .model = i % 3 == 0 ? "m1" : "m2", .cost = 100 + i},
                60, "67 minutes 13 seconds");
  const auto ask = [&](SystemTime from, SystemTime until, SystemTime now) {
    const ReportFilter filter{.user_id = id_of(1), .from = from, .until = until, .now = now};
    const Summary found = world.must([&](db::Transaction& tx) { return summary(tx, filter); });
    const auto buckets =
        world.must([&](db::Transaction& tx) { return series(tx, filter, Step::kDay, "Asia/Kathmandu"); });
    std::string out = fmt::format("{} {} {}", found.totals.requests, found.totals.cost_nano_usd, found.duration.p50_us);
    for (const Bucket& bucket : buckets)
      out += fmt::format(" {}", bucket.summary.totals.requests);
    const Top most =
        world.must([&](db::Transaction& tx) { return top(tx, filter, Dimension::kModel, Metric::kCost, 1); });
    return out + fmt::format(" {} {}", most.rows[0].value, most.rows[0].totals.cost_nano_usd);
  };
  const SystemTime from = at(2026, 3, 26, 23, 7) + std::chrono::seconds(11);
  const SystemTime until = at(2026, 3, 29, 8, 31) + std::chrono::seconds(5);
  // Seen soon after, minutes and quarters help; seen much later, days and events alone.
  const std::string soon = ask(from, until, at(2026, 3, 29, 9));
  CHECK(ask(from, until, at(2026, 5, 29)) == soon);
  CHECK(ask(from, until, at(2026, 12, 29)) == soon);
  world.sql("DELETE FROM usage_minutes; DELETE FROM usage_quarters");
  CHECK(ask(from, until, at(2026, 12, 29)) == soon);
}

}  // namespace sluice::usage
