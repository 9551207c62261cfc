// What nodes tell beside the config: decision records on request, health of accounts, refused credentials.
#include <catch2/catch.hpp>

#include "tests/integration/publish/world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using namespace std::chrono_literals;

std::vector<store::AccountHealth> health_of(ControlPlane& control, const std::string& account) {
  return control.write([&](db::Transaction& tx) { return store::list_account_health(tx, account); });
}

config::v1::AccountHealth limited(const std::string& account, SystemTime until, const std::string& model = {}) {
  config::v1::AccountHealth health;
  health.set_account_id(account);
  health.set_reason(config::v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED);
  health.set_model(model);
  const auto us = until.time_since_epoch().count();
  health.mutable_until()->set_seconds(us / 1'000'000);
  health.mutable_until()->set_nanos(static_cast<int>(us % 1'000'000) * 1000);
  health.set_upstream_status(429);
  health.set_detail("five hours are used up");
  return health;
}

TEST_CASE("a decision is found on whichever node remembers it") {
  ControlPlane control(migrated_database());
  NodeProcess empty(control.address(), "node-1");
  NodeProcess knows(control.address(), "node-2", "node-token", nullptr,
                    [](const std::string& id) { return id == "wanted" ? std::string("the record") : std::string(); });
  REQUIRE(eventually(kGenerous, [&] { return control.service().live_nodes() == 2; }));
  const auto found = control.service().find_decision("wanted", kGenerous);
  REQUIRE(found.has_value());
  CHECK(found->node_id == "node-2");
  CHECK(found->record == "the record");
  // Every node says that it has none: nobody waits for the limit.
  CHECK_FALSE(control.service().find_decision("unknown", std::chrono::hours(1)).has_value());
}

TEST_CASE("without nodes the answer is at once that there is none") {
  ControlPlane control(migrated_database());
  CHECK_FALSE(control.service().find_decision("wanted", std::chrono::hours(1)).has_value());
}

TEST_CASE("what a node says of an account is stored, and only healthy shortens it") {
  ControlPlane control(migrated_database());
  NodeProcess node(control.address(), "node-1");
  const std::string account = new_id();
  const SystemTime now = std::chrono::floor<std::chrono::seconds>(real_clock().now());
  node.client().report_health(limited(account, now + 600s));
  node.client().report_health(limited(account, now + 60s, "claude"));
  node.client().report_health(limited("no uuid", now + 60s));
  REQUIRE(eventually(kGenerous, [&] { return health_of(control, account).size() == 2; }));
  const store::AccountHealth stored = health_of(control, account).front();
  CHECK(stored.until == now + 600s);
  CHECK(stored.model.empty());
  CHECK(stored.reason == config::v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED);
  CHECK(stored.upstream_status == 429);
  CHECK(stored.detail == "five hours are used up");
  CHECK(stored.node_id == "node-1");

  // Another node knows of a nearer end: the later one stays. Messages keep their order.
  config::v1::AccountHealth nearer = limited(account, now + 300s);
  nearer.set_detail("nearer");
  node.client().report_health(nearer);
  REQUIRE(eventually(kGenerous, [&] { return health_of(control, account).front().detail == "nearer"; }));
  CHECK(health_of(control, account).front().until == now + 600s);
  node.client().report_health(limited(account, now - 1s));
  REQUIRE(eventually(kGenerous, [&] { return health_of(control, account).back().until == now - 1s; }));
}

TEST_CASE("a refused credential shows as failed authentication") {
  ControlPlane control(migrated_database());
  NodeProcess node(control.address(), "node-1");
  config::v1::CredentialReport report;
  report.set_account_id(new_id());
  report.set_revision(3);
  report.set_upstream_status(401);
  node.client().report_credential(report);
  REQUIRE(eventually(kGenerous, [&] { return health_of(control, report.account_id()).size() == 1; }));
  const store::AccountHealth stored = health_of(control, report.account_id()).front();
  CHECK(stored.reason == config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED);
  CHECK(stored.upstream_status == 401);
  CHECK(stored.until > real_clock().now());
  CHECK(stored.detail.find("revision 3") != std::string::npos);
}

TEST_CASE("reports wait for a control plane that is away") {
  ControlPlane control(migrated_database());
  NodeProcess node(control.address(), "node-1");
  REQUIRE(eventually(kGenerous, [&] { return node.client().status().connected; }));
  control.stop();
  REQUIRE(eventually(kGenerous, [&] { return !node.client().status().connected; }));
  const std::string account = new_id();
  node.client().report_health(limited(account, real_clock().now() + 600s));
  control.start();
  REQUIRE(eventually(kGenerous, [&] { return health_of(control, account).size() == 1; }));
}

TEST_CASE("reports wait for a database that is away") {
  PostgresServer server;
  ControlPlane control(migrated_database(server));
  NodeProcess node(control.address(), "node-1");
  REQUIRE(eventually(kGenerous, [&] { return node.client().status().connected; }));
  server.kill9();
  const std::string account = new_id();
  node.client().report_health(limited(account, real_clock().now() + 600s));
  REQUIRE(eventually(kGenerous, [&] { return control.publisher().failures() > 0; }));
  server.restart();
  REQUIRE(eventually(kGenerous, [&] {
    const auto rows = db::in_transaction(control.pool(),
                                         [&](db::Transaction& tx) { return store::list_account_health(tx, account); });
    return rows && rows->size() == 1;
  }));
}

}  // namespace
