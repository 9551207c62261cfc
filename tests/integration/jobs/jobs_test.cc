#include "common/base/uuid.h"
#include "controlplane/jobs/job.h"
#include "controlplane/store/change_log.h"
#include "tests/integration/jobs/stage.h"

namespace sluice::jobs {

using namespace testing;
using std::chrono::days;
using std::chrono::hours;

namespace {

SystemTime noon() {
  return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(12);
}

}  // namespace

TEST_CASE("the change log keeps its newest rows, and says what was trimmed") {
  Stage stage;
  stage.sql(
      "INSERT INTO change_log (number, kind, object_id, revision, state, at) "
      "SELECT n, 1, n::text, 1, 1, '2026-11-01' FROM generate_series(1, 15000) AS n");
  stage.sql("UPDATE config_version SET number = 15000");
  CHECK(stage.work_off(trim_change_log_job(), noon()) == 5'000);
  CHECK(stage.number("SELECT min(number) AS n FROM change_log") == 5'001);
  CHECK(stage.number("SELECT trimmed_to AS n FROM config_version") == 5'000);
  CHECK(stage.work_off(trim_change_log_job(), noon()) == 0);
  const auto changes = value_of(stage.in_tx([](db::Transaction& tx) { return store::changes_since(tx, 4'999, 10); }));
  CHECK_FALSE(changes.complete);
}

TEST_CASE("changes of the last day stay, however many they are") {
  Stage stage;
  stage.sql(
      "INSERT INTO change_log (number, kind, object_id, revision, state, at) SELECT n, 1, n::text, 1, 1, "
      "timestamptz '2026-11-22 12:00:00Z' + CASE WHEN n <= 300 THEN interval '-1 s' ELSE interval '1 s' END "
      "FROM generate_series(1, 12000) AS n");
  stage.sql("UPDATE config_version SET number = 12000");
  CHECK(stage.work_off(trim_change_log_job(), noon()) == 300);
  CHECK(stage.number("SELECT trimmed_to AS n FROM config_version") == 300);
}

TEST_CASE("decision records are dropped once their week is over") {
  Stage stage;
  stage.sql(
      "INSERT INTO request_decisions (day, request_id, node_id, started_at, status, record) "
      "SELECT date '2026-11-16' - (n % 2), gen_random_uuid(), 'n', now(), 200, '' "
      "FROM generate_series(1, 12000) AS n");
  CHECK(stage.work_off(drop_decisions_job(), noon()) == 6'000);
  CHECK(stage.number("SELECT count(*) AS n FROM request_decisions WHERE day = '2026-11-16'") == 6'000);
  CHECK(stage.work_off(drop_decisions_job(), noon()) == 0);
}

TEST_CASE("partitions are there before their day, on both sides of midnight and of a year") {
  Stage stage;
  const auto partitions = [&] {
    return stage.number("SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'usage_events'::regclass");
  };
  const SystemTime midnight = std::chrono::sys_days(std::chrono::year(2027) / 1 / 1);
  CHECK(stage.work_off(make_partitions_job(), midnight - std::chrono::microseconds(1)) == 9);
  CHECK(stage.number("SELECT (to_regclass('usage_events_20261230') IS NOT NULL)::int AS n") == 1);
  CHECK(stage.number("SELECT (to_regclass('usage_events_20270107') IS NOT NULL)::int AS n") == 1);
  CHECK(stage.work_off(make_partitions_job(), midnight - std::chrono::microseconds(1)) == 0);
  CHECK(stage.work_off(make_partitions_job(), midnight) == 1);
  CHECK(stage.number("SELECT (to_regclass('usage_events_20270108') IS NOT NULL)::int AS n") == 1);
  CHECK(partitions() == 10);
}

TEST_CASE("every job of the control plane runs on an empty database") {
  Stage stage;
  const auto runner = stage.runner("a", all_jobs());
  for (const Job& job : all_jobs())
    REQUIRE(eventually(kGenerous, [&] { return stage.state(job.name).last_outcome == "done"; }));
}

}  // namespace sluice::jobs
