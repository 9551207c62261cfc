// Lists of events: filters, order over pages, and how little of the table they touch.
#include "controlplane/usage/events.h"

#include <set>

#include "tests/integration/usage_reports/world.h"

namespace sluice::usage {

namespace {

store::Page<Event> list(World& world, const EventFilter& filter, const std::string& cursor = {}, int size = 50) {
  return world.must([&](db::Transaction& tx) { return list_events(tx, {.size = size, .cursor = cursor}, filter); });
}

struct Touched {
  std::int64_t partitions = 0;
  std::int64_t seq_scans = 0;
};

// What the first page reads, as PostgreSQL counts it.
Touched touched_by(World& world, const EventFilter& filter) {
  return world.must([&](db::Transaction& tx) -> Result<Touched> {
    const auto page = list_events(tx, {.size = 50, .cursor = {}}, filter);
    if (!page) return std::unexpected(page.error());
    CHECK(page->rows.size() == 50);
    const auto locked = tx.exec(
        "SELECT count(DISTINCT c.oid) AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
        "WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relname LIKE 'usage\\_events\\_2%'");
    if (!locked) return std::unexpected(locked.error());
    const auto scans = tx.exec(
        "SELECT coalesce(sum(seq_scan), 0)::bigint AS n FROM pg_stat_xact_user_tables "
        "WHERE relname LIKE 'usage\\_events\\_2%'");
    if (!scans) return std::unexpected(scans.error());
    return Touched{.partitions = locked->front().get<std::int64_t>("n"),
                   .seq_scans = scans->front().get<std::int64_t>("n")};
  });
}

}  // namespace

TEST_CASE("events are filtered by outcome, error class and cost") {
  World world;
  world.plant({.outcome = 1, .cost = 500}, 3);
  world.plant({.outcome = 4, .status = 429, .cost = 0}, 2);
  world.plant({.group = 2, .outcome = 4, .status = 503, .cost = 1'500});
  CHECK(list(world, {.outcome = 4}).rows.size() == 3);
  CHECK(list(world, {.error_class = "rate_limited"}).rows.size() == 2);
  CHECK(list(world, {.min_cost_nano_usd = 500}).rows.size() == 4);
  CHECK(list(world, {.group_id = id_of(2), .min_cost_nano_usd = 501}).rows.size() == 1);
  CHECK(list(world, {.outcome = 1, .error_class = "rate_limited"}).rows.empty());
  const auto refused = world.may(
      [&](db::Transaction& tx) { return list_events(tx, {.size = 1, .cursor = {}}, {.error_class = "bad luck"}); });
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("pages go from the newest to the oldest, over days without events, and miss none") {
  World world;
  CHECK(list(world, {}).rows.empty());
  world.plant({.at = "2026-01-01 00:00:00Z"}, 7, "0 seconds");
  world.plant({.at = "2026-03-28 22:00:00Z"}, 60, "7 minutes");
  std::set<std::string> seen;
  std::string cursor;
  SystemTime last = SystemTime::max();
  do {
    const auto page = list(world, {}, cursor, 3);
    for (const Event& event : page.rows) {
      CHECK(event.started_at <= last);
      last = event.started_at;
      CHECK(seen.insert(event.event_id).second);
    }
    cursor = page.next;
  } while (!cursor.empty());
  CHECK(seen.size() == 67);
  CHECK(list(world, {.from = at(2026, 3, 29)}).rows.size() == 42);
  CHECK(list(world, {.until = at(2026, 1, 2)}).rows.size() == 7);
}

TEST_CASE("the first page reads indexes of few partitions, whatever the filter") {
  World world;
  world.plant({.at = "2026-03-01 00:00:00Z", .cost = 7}, 30'000, "1 minute 26 seconds");
  world.sql("ANALYZE usage_events");
  const std::vector<EventFilter> filters = {{},
                                            {.user_id = id_of(1)},
                                            {.api_key_id = id_of(1)},
                                            {.group_id = id_of(1)},
                                            {.account_id = id_of(1)},
                                            {.model = "m1"},
                                            {.outcome = 1},
                                            {.error_class = "none"},
                                            {.min_cost_nano_usd = 5},
                                            {.user_id = id_of(1), .model = "m1", .outcome = 1}};
  for (EventFilter filter : filters) {
    for (const bool bounded : {false, true}) {
      INFO((bounded ? "with a bound" : "without a bound"));
      if (bounded) {
        filter.from = at(2026, 3, 2);
        filter.until = at(2026, 3, 20, 12);
      }
      const Touched touched = touched_by(world, filter);
      CHECK(touched.partitions > 0);
      CHECK(touched.partitions <= 6);
      // Partitions as small as these may be read whole where no index has the filter's column.
      CHECK(touched.seq_scans <= 2);
    }
  }
}

}  // namespace sluice::usage
