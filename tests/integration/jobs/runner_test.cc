#include "controlplane/jobs/runner.h"

#include <atomic>

#include "tests/integration/jobs/stage.h"

namespace sluice::jobs {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Adds one to a counter, `steps` times a run.
Job counting_job(std::atomic<int>& at_once, std::atomic<int>& most_at_once, int steps, seconds every) {
  return {.name = "count", .every = every, .step = [&at_once, &most_at_once, steps](db::Transaction& tx, SystemTime) {
            most_at_once = std::max(most_at_once.load(), ++at_once);
            const auto rows = tx.exec("UPDATE counter SET n = n + 1 RETURNING n");
            --at_once;
            Result<Step> step = Step{.rows = 1};
            if (!rows) return Result<Step>(std::unexpected(rows.error()));
            step->more = rows->front().get<std::int64_t>("n") % steps != 0;
            return step;
          }};
}

}  // namespace

TEST_CASE("many runners work a job off once") {
  Stage stage;
  stage.sql("CREATE TABLE counter AS SELECT 0::bigint AS n");
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  std::vector<std::unique_ptr<Runner>> runners;
  for (const char* owner : {"a", "b", "c"})
    runners.push_back(stage.runner(owner, {counting_job(at_once, most_at_once, 50, std::chrono::hours(1))}));
  REQUIRE(eventually(kGenerous, [&] { return stage.state("count").last_outcome == "done"; }));
  runners.clear();
  CHECK(stage.number("SELECT n FROM counter") == 50);
  CHECK(most_at_once == 1);
  CHECK(stage.state("count").last_rows == 50);
  CHECK(stage.state("count").owner.empty());
}

TEST_CASE("another runner goes on where a dead one left off") {
  Stage stage;
  stage.sql("CREATE TABLE counter AS SELECT 20::bigint AS n");
  value_of(stage.in_tx([](db::Transaction& tx) { return register_jobs(tx, {"count"}); }));
  const auto dead = stage.take("count", "dead", milliseconds(200));  // and never heard of again
  REQUIRE(dead.has_value());
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  const auto runner = stage.runner("b", {counting_job(at_once, most_at_once, 50, std::chrono::hours(1))});
  REQUIRE(eventually(kGenerous, [&] { return stage.state("count").last_outcome == "done"; }));
  CHECK(stage.number("SELECT n FROM counter") == 50);
  CHECK(stage.number("SELECT fence AS n FROM jobs") == dead->fence + 1);
}

TEST_CASE("a step of a runner whose lease was taken changes nothing") {
  Stage stage;
  stage.sql("CREATE TABLE counter AS SELECT 0::bigint AS n");
  std::atomic<int> steps = 0;
  const Job job{.name = "count", .every = std::chrono::hours(1), .step = [&](db::Transaction& tx, SystemTime) {
                  ++steps;
                  const auto done = tx.exec("UPDATE counter SET n = n + 1");
                  return done ? Result<Step>(Step{.rows = 1, .more = true}) : std::unexpected(done.error());
                }};
  const auto runner = stage.runner("a", {job});
  REQUIRE(eventually(kGenerous, [&] { return steps > 3; }));
  // What taking over an expired lease does.
  stage.sql("UPDATE jobs SET owner = 'b', fence = fence + 1, lease_until = clock_timestamp() + interval '1 h'");
  const std::int64_t then = stage.number("SELECT n FROM counter");
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(stage.number("SELECT n FROM counter") == then);
  CHECK(stage.state("count").owner == "b");
}

TEST_CASE("a runner that stops gives its job back, due at once") {
  Stage stage;
  std::atomic<int> steps = 0;
  const Job job{.name = "endless", .every = std::chrono::hours(1), .step = [&](db::Transaction&, SystemTime) {
                  ++steps;
                  return Result<Step>(Step{.rows = 1, .more = true});
                }};
  auto runner = stage.runner("a", {job});
  REQUIRE(eventually(kGenerous, [&] { return steps > 3; }));
  runner.reset();
  CHECK(stage.state("endless").last_outcome == "stopped");
  CHECK(stage.take("endless", "b", seconds(30)).has_value());
}

TEST_CASE("a failing job says why and does not hold up the others") {
  Stage stage;
  const Job bad{.name = "bad", .every = seconds(1), .step = [](db::Transaction& tx, SystemTime) -> Result<Step> {
                  const auto done = tx.exec("SELECT 1 / 0");
                  return done ? Result<Step>(Step{}) : std::unexpected(done.error());
                }};
  const Job good{
      .name = "good", .every = seconds(1), .step = [](db::Transaction&, SystemTime) -> Result<Step> { return Step{}; }};
  const auto runner = stage.runner("a", {bad, good});
  REQUIRE(eventually(kGenerous, [&] { return stage.state("good").last_outcome == "done"; }));
  REQUIRE(eventually(kGenerous, [&] { return stage.state("bad").last_outcome == "failed"; }));
  CHECK_THAT(stage.state("bad").last_error, Catch::Contains("zero"));
}

}  // namespace sluice::jobs
