// Sums, percentiles, the ones that used most, and facets.
#include "controlplane/usage/totals.h"

#include "controlplane/usage/top.h"
#include "tests/integration/usage_reports/world.h"

namespace sluice::usage {

namespace {

const SystemTime kFrom = at(2026, 3, 29);
const SystemTime kUntil = at(2026, 3, 30);

Summary sum(World& world, ReportFilter filter = {}) {
  filter.from = kFrom;
  filter.until = kUntil;
  return world.must([&](db::Transaction& tx) { return summary(tx, filter); });
}

}  // namespace

TEST_CASE("a summary adds up what the filter leaves") {
  World world;
  world.plant({.cost = 100}, 3);
  world.plant({.user = 2, .key = 2, .group = 2, .account = 2, .model = "m2", .outcome = 4, .status = 429}, 2);
  world.plant({.at = "2026-03-30 00:00:00Z"});
  const Summary all = sum(world);
  CHECK(all.totals.requests == 5);
  CHECK(all.totals.errors == 2);
  CHECK(all.totals.input_tokens == 50);
  CHECK(all.totals.cache_write_1h_tokens == 25);
  CHECK(all.totals.cost_nano_usd == 2'300);
  CHECK(all.totals.purchase_nano_usd == 1'150);
  for (const ReportFilter& filter : {ReportFilter{.user_id = id_of(2)}, ReportFilter{.api_key_id = id_of(2)},
                                     ReportFilter{.group_id = id_of(2)}, ReportFilter{.account_id = id_of(2)},
                                     ReportFilter{.model = "m2"}, ReportFilter{.error_class = "rate_limited"}}) {
    CHECK(sum(world, filter).totals.requests == 2);
  }
  const Summary nothing = sum(world, {.user_id = id_of(2), .model = "m1"});
  CHECK(nothing.totals.requests == 0);
  CHECK(nothing.duration.p99_us == 0);
}

TEST_CASE("percentiles are 9.1 % off at most; requests without a first byte do not count") {
  World world;
  for (const int i : {7, 3, 9, 1, 5, 10, 2, 8, 4, 6})
    world.plant({.duration_us = i * 1'000'000, .first_byte_us = i <= 5 ? 0 : i * 10});
  const Summary found = sum(world);
  const auto near = [](std::int64_t us) { return Approx(static_cast<double>(us)).epsilon(0.091); };
  CHECK(found.duration.p50_us == near(5'000'000));
  CHECK(found.duration.p90_us == near(9'000'000));
  CHECK(found.duration.p95_us == near(10'000'000));
  CHECK(found.duration.p99_us == near(10'000'000));
  CHECK(found.first_byte.p50_us == near(80));
  CHECK(found.first_byte.p99_us == near(100));
}

TEST_CASE("the ones that used most come with their share, the others as one row") {
  World world;
  for (int user = 1; user <= 5; ++user)
    world.plant({.user = user, .cost = user * 100}, user == 1 ? 10 : 1);
  const auto ask = [&](Metric metric, int limit) {
    return world.must([&](db::Transaction& tx) {
      return top(tx, {.from = kFrom, .until = kUntil}, Dimension::kUser, metric, limit);
    });
  };
  const Top cost = ask(Metric::kCost, 2);  // 1000 500 400 300 200
  REQUIRE(cost.rows.size() == 2);
  CHECK(cost.rows[0].value == id_of(1));
  CHECK(cost.rows[1].value == id_of(5));
  CHECK(cost.rows[0].share == Approx(1'000.0 / 2'400));
  REQUIRE(cost.others.has_value());
  CHECK(cost.others->value.empty());
  CHECK(cost.others->totals.cost_nano_usd == 900);
  CHECK(cost.others->share == Approx(900.0 / 2'400));
  CHECK(cost.other_values == 3);
  CHECK(ask(Metric::kRequests, 1).rows[0].share == Approx(10.0 / 14));
  CHECK(ask(Metric::kTokens, 1).rows[0].share == Approx(10.0 / 14));
  CHECK(!ask(Metric::kCost, 5).others.has_value());
}

TEST_CASE("facets name the values of every dimension, at most 50 of each") {
  World world;
  world.plant({}, 3);
  for (int key = 1; key <= 60; ++key)
    world.plant({.key = key, .model = "m2", .outcome = 5});
  const auto found = world.must([&](db::Transaction& tx) { return facets(tx, {.from = kFrom, .until = kUntil}); });
  std::map<Dimension, int> values;
  for (const Facet& facet : found)
    ++values[facet.dimension];
  CHECK(values[Dimension::kUser] == 1);
  CHECK(values[Dimension::kApiKey] == kMaxFacets);
  CHECK(values[Dimension::kModel] == 2);
  CHECK(values[Dimension::kErrorClass] == 2);
  CHECK(found.front().dimension == Dimension::kUser);
  CHECK(found.front().requests == 63);
  CHECK(found.back().value == "none");
}

TEST_CASE("every outcome has an error class") {
  World world;
  const std::vector<std::pair<Planted, std::string>> cases = {
      {{.outcome = 1}, "none"},
      {{.outcome = 2}, "client_gone"},
      {{.outcome = 3}, "upstream_cut"},
      {{.outcome = 4, .status = 429}, "rate_limited"},
      {{.outcome = 4, .status = 400}, "refused"},
      {{.outcome = 4, .status = 529}, "upstream_error"},
      {{.outcome = 4, .status = 0}, "unreachable"},
      {{.outcome = 5}, "node_crash"},
      {{.outcome = 6}, "gateway_ended"},
  };
  for (const auto& [event, name] : cases)
    world.plant(event);
  for (const auto& [event, name] : cases) {
    INFO(name);
    CHECK(sum(world, {.error_class = name}).totals.requests == 1);
  }
  const auto refused = world.may(
      [&](db::Transaction& tx) { return summary(tx, {.error_class = "bad luck", .from = kFrom, .until = kUntil}); });
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::kInvalidArgument);
}

}  // namespace sluice::usage
