// A migrated database with a rule, a webhook and a clock that stands still, for tests of alerts.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/crypto/vault.h"
#include "controlplane/alerts/alerts.h"
#include "controlplane/alerts/deliveries.h"
#include "controlplane/db/pool.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::alerts {

struct World {
  std::string conninfo = testing::migrated_database();
  db::Pool pool{db::PoolOptions{.conninfo = Secret(conninfo), .size = 10, .acquire_limit = testing::kGenerous}};
  ManualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};
  crypto::Vault vault{{{1, Secret(std::string(32, 'k'))}}};
  Secret key{"signing key"};

  template <class Fn>
  auto must(Fn&& fn) {
    auto result = db::in_transaction(pool, std::forward<Fn>(fn));
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  std::string sql(const std::string& text) { return testing::PostgresServer::shared().run(conninfo, text); }
  static std::string new_id() { return Uuid::generate(RealClock().now()).to_string(); }

  std::string webhook(const std::string& url) {
    Webhook row{.id = new_id(), .name = "hook", .url = url};
    row.sealed = vault.seal("alert_webhooks|" + row.id + "|sealed", key);
    return must([&](db::Transaction& tx) { return insert_webhook(tx, row); }).id;
  }
  Rule rule(Rule row) {
    row.id = new_id();
    if (row.name.empty()) row.name = "rule";
    return must([&](db::Transaction& tx) { return insert_rule(tx, row); });
  }
  // One round over all rules.
  void evaluate() {
    while (must([&](db::Transaction& tx) { return evaluate_next(tx, clock.now()); })) {
    }
  }
  // After 15 s, so that every rule is due.
  void later(std::chrono::seconds by = kEvaluateEvery + std::chrono::seconds(1)) {
    clock.advance(by);
    evaluate();
  }
  std::vector<Alert> alerts() {
    return must([](db::Transaction& tx) { return list_alerts(tx, {.size = 100, .cursor = {}}); }).rows;
  }
  // Events of stored deliveries, oldest first.
  std::vector<std::string> told() {
    const auto page = must([](db::Transaction& tx) { return list_deliveries(tx, {.size = 100, .cursor = {}}, {}); });
    std::vector<std::string> events;
    for (auto row = page.rows.rbegin(); row != page.rows.rend(); ++row)
      events.push_back(row->event);
    return events;
  }
  void node(const std::string& id, int journal) {
    sql("INSERT INTO nodes (node_id, boot_id, build, version_epoch, version_number, ready, draining, open_streams, "
        "journal_records, journal_oldest_ms, last_seen) VALUES ('" +
        id + "', 'b', 'b', 'e', 1, true, false, 0, " + std::to_string(journal) + ", 0, '" +
        db::format_time(clock.now()) +
        "') ON CONFLICT (node_id) DO UPDATE SET journal_records = excluded.journal_records");
  }
};

}  // namespace sluice::alerts
