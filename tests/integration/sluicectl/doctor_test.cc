// The doctor on systems that are well, and not.
#include <catch2/catch.hpp>

#include "controlplane/db/connection.h"
#include "tests/integration/sluicectl/run.h"

namespace sluice::testing {

using Catch::Contains;

namespace {

constexpr const char* kFleet = R"(
groups: [{name: g}]
accounts:
  - name: a
    provider: anthropic
    base_url: https://127.0.0.1:9443
    groups: [g]
    models: [m]
    credential: {from_env: KEY}
prices:
  - {model: m, provider: anthropic, effective_at: 2026-01-01T00:00:00Z, input: '1', output: '2', cache_read: '1',
     cache_write_5m: '1', cache_write_1h: '1', per_request: '0'}
)";

void sql(const ControlPlane& plane, const std::string& statement) {
  auto connection = db::Connection::open(plane.database());
  REQUIRE(connection);
  const auto done = connection->exec(statement);
  INFO((done ? "" : done.error().message));
  REQUIRE(done);
}

// What a node would report.
void node_reports(const ControlPlane& plane, const std::string& id, const std::string& age) {
  sql(plane,
      "INSERT INTO nodes (node_id, boot_id, build, version_epoch, version_number, ready, draining, open_streams, "
      "journal_records, journal_oldest_ms, last_seen) VALUES ('" +
          id + "', 'b', 'build', 'e', 1, true, false, 0, 0, 0, now() - interval '" + age + "')");
}

}  // namespace

TEST_CASE("a system that is well gets no warning") {
  const ControlPlane plane;
  Desk desk(plane);
  REQUIRE(desk.run({"apply", "--yes", "-f", desk.file("m.yaml", kFleet)}, {"KEY=sk-1"}).code == 0);
  node_reports(plane, "n1", "0 s");
  sql(plane, "INSERT INTO ledger_checks VALUES (gen_random_uuid(), now(), 1, '[]')");
  const Ran ran = desk.run({"doctor"});
  CHECK_THAT(ran.out, Contains("OK    token: accepted") && Contains("clock: agrees") &&
                          Contains("nodes: 1 connected") && Contains("accounts: 1 active, none blocked") &&
                          Contains("ledger: balanced") && Contains("jobs: ") && !Contains("WARN") && !Contains("FAIL"));
  CHECK(ran.code == 0);
  CHECK_THAT(desk.run({"get", "groups"}).out, !Contains("doctor-"));
}

TEST_CASE("a system that is not well is told what to do") {
  const ControlPlane plane;
  Desk desk(plane);
  REQUIRE(desk.run({"apply", "--yes", "-f", desk.file("m.yaml", R"(
groups: [{name: empty}, {name: wanted}]
users: [{email: u@example.test, display_name: U}]
accounts: [{name: bare, provider: anthropic, base_url: 'https://127.0.0.1:9443', models: [unpriced]}]
api_keys: [{user: u@example.test, group: wanted, name: k, secret: {to_file: k}}]
)")})
              .code == 0);
  node_reports(plane, "silent", "1 hour");
  sql(plane,
      "UPDATE jobs SET last_outcome = 'failed', last_error = 'disk full' WHERE name = "
      "(SELECT name FROM jobs ORDER BY name LIMIT 1)");
  sql(plane, R"(INSERT INTO ledger_checks VALUES (gen_random_uuid(), now(), 1, '[["balance", "x", "1", "2"]]'))");
  const Ran ran = desk.run({"doctor"});
  INFO(ran.out);
  CHECK(ran.code == 11);
  CHECK_THAT(ran.out, Contains("FAIL  ledger: the check ") && Contains(" ago found drift -> "));
  CHECK_THAT(ran.out, Contains("WARN  node silent: silent for 60 min -> "));
  CHECK_THAT(ran.out, Contains("FAIL  nodes: none is connected -> "));
  CHECK_THAT(ran.out, Contains("WARN  account bare: has no credential -> "));
  CHECK_THAT(ran.out, Contains("WARN  group empty: has no active account -> "));
  CHECK_THAT(ran.out, Contains("FAIL  group wanted: has no active account, but keys (1) -> "));
  CHECK_THAT(ran.out, Contains("WARN  model unpriced: has no price -> "));
  CHECK_THAT(ran.out, Contains("failed: disk full -> "));
}

TEST_CASE("a node is taken aside and back") {
  const ControlPlane plane;
  Desk desk(plane);
  node_reports(plane, "n1", "0 s");
  const Ran drained = desk.run({"drain", "node", "n1"});
  INFO(drained.out);
  CHECK(drained.code == 0);
  CHECK_THAT(desk.run({"get", "overview"}).out, Contains("drain_wanted: true"));
  CHECK(desk.run({"undrain", "node", "n1"}).code == 0);
  CHECK_THAT(desk.run({"get", "overview"}).out, Contains("drain_wanted: false"));
}

TEST_CASE("the doctor says at once if nobody is there, or nobody is let in") {
  Desk desk;
  const Ran away = desk.run_bare({"--endpoint", "127.0.0.1:1", "doctor"});
  CHECK(away.code == 11);
  CHECK_THAT(away.out, Contains("FAIL  endpoint: 127.0.0.1:1: nobody answers -> "));
  const Ran refused = desk.run_bare({"--endpoint", desk.plane().grpc_address(), "doctor"}, {"SLUICE_TOKEN=nonsense"});
  CHECK(refused.code == 11);
  CHECK_THAT(refused.out, Contains("FAIL  token: ") && Contains("run sluicectl login"));
}

}  // namespace sluice::testing
