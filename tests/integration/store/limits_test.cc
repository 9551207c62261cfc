// Rates, budgets and what keys spent; the settings of queues and failover.
#include <set>
#include <thread>

#include "common/resource/validate.h"
#include "controlplane/store/key_spending.h"
#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using enum sluice::config::v1::Kind;
using enum sluice::config::v1::State;

namespace {

SystemTime utc(int year, unsigned month, unsigned day, int hour = 0) {
  return SystemTime(
             std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day))) +
         std::chrono::hours(hour);
}

// One usage event of the key, as billing stores it.
Result<> spend(db::Transaction& tx, const std::string& key_id, SystemTime at, std::int64_t cost) {
  const std::string day = db::format_time(at).substr(0, 10);
  if (auto made = tx.exec("SELECT ensure_usage_partition($1::date)", day); !made) return std::unexpected(made.error());
  auto done = tx.exec(
      "INSERT INTO usage_events (day, event_id, started_at, ended_at, user_id, api_key_id, group_id, account_id, "
      "protocol, requested_model, served_model, streaming, outcome, usage_state, input_tokens, output_tokens, "
      "cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_revision, lines, "
      "multiplier_ppm, cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version, "
      "node_id) VALUES ($1, $2, $3, $3, $2, $4, $2, $2, '', '', '', true, 1, 1, 0, 0, 0, 0, 0, '', 0, '[]', 0, $5, "
      "200, '', 0, 1, 0, 'n')",
      day, new_id(), at, key_id, cost);
  if (!done) return std::unexpected(done.error());
  return {};
}

std::map<std::string, std::int64_t> spent(Database& database, const std::string& key_id, SystemTime now,
                                          const std::string& zone = {}) {
  std::map<std::string, std::int64_t> out;
  for (const KeySpending& one :
       database.must([&](db::Transaction& tx) { return current_spending(tx, std::vector{key_id}, now, zone); })) {
    out[one.window_id] = one.spent_nano_usd;
  }
  return out;
}

// Commits what answers with nothing.
template <class Fn>
void run(Database& database, Fn fn) {
  const Result<> done = db::in_transaction(database.pool, fn);
  INFO((done ? std::string() : done.error().message));
  REQUIRE(done.has_value());
}

ApiKey set_budgets(Database& database, ApiKey key, std::vector<Budget> budgets) {
  key.budgets = std::move(budgets);
  return database.must([&](db::Transaction& tx) { return update_api_key(tx, key); });
}

}  // namespace

TEST_CASE("limits of users and keys are stored and changed") {
  Database database;
  User user = database.add_user();
  CHECK(user.requests_per_minute == 0);
  user.requests_per_minute = 60;
  user.tokens_per_minute = 1000;
  user = database.must([&](db::Transaction& tx) { return update_user(tx, user); });
  CHECK(user.requests_per_minute == 60);
  CHECK(user.tokens_per_minute == 1000);
  User other = {.id = new_id(), .email = new_id() + "@e", .requests_per_minute = 1, .tokens_per_minute = 2};
  other = database.must([&](db::Transaction& tx) { return insert_user(tx, other); });
  CHECK(other.requests_per_minute == 1);
  CHECK(other.tokens_per_minute == 2);

  ApiKey key = database.add_key(user.id, database.add_group().id);
  CHECK(key.budgets.empty());
  key.concurrency = 3;
  key.requests_per_minute = 4;
  key.tokens_per_minute = 5;
  key.budgets = {{BudgetWindow::kTotal, 50}, {BudgetWindow::kDay, 5}};
  const auto before = database.version();
  key = database.must([&](db::Transaction& tx) { return update_api_key(tx, key); });
  CHECK(key.concurrency == 3);
  CHECK(key.requests_per_minute == 4);
  CHECK(key.tokens_per_minute == 5);
  CHECK(key.budgets == std::vector<Budget>{{BudgetWindow::kDay, 5}, {BudgetWindow::kTotal, 50}});
  CHECK(seen(database.changes(before.number)) == std::vector<Seen>{{KIND_API_KEY, key.id, 2, STATE_ACTIVE}});
  CHECK(set_budgets(database, key, {}).budgets.empty());
}

TEST_CASE("a new key may have budgets from the start") {
  Database database;
  const ApiKey key = {.id = new_id(),
                      .user_id = database.add_user().id,
                      .group_id = database.add_group().id,
                      .public_id = random_base62(12),
                      .last4 = "abcd",
                      .key_hmac = random_base62(32),
                      .budgets = {{BudgetWindow::kWeek, 7}}};
  const ApiKey made = database.must([&](db::Transaction& tx) { return insert_api_key(tx, key); });
  CHECK(made.budgets == key.budgets);
  CHECK(made.revision == 1);
  const ApiKey read = database.must([&](db::Transaction& tx) { return get_api_key(tx, key.id); });
  CHECK(read.budgets == key.budgets);
}

TEST_CASE("what a key spent before it had a budget counts") {
  Database database;
  const SystemTime now = RealClock().now();
  const ApiKey key = database.add_key(database.add_user().id, database.add_group().id);
  const ApiKey other = database.add_key(database.add_user().id, database.add_group().id);
  const auto day = money::window_at(BudgetWindow::kDay, now, "");
  REQUIRE(day);
  run(database, [&](db::Transaction& tx) -> Result<> {
    for (const SystemTime at : {now, day->from, day->from - std::chrono::microseconds(1), utc(2020, 1, 1)}) {
      if (auto done = spend(tx, key.id, at, 10); !done) return done;
      if (auto done = spend(tx, other.id, at, 1); !done) return done;
    }
    return {};
  });
  CHECK(spent(database, key.id, now).empty());
  ApiKey limited = set_budgets(database, key, {{BudgetWindow::kDay, 100}, {BudgetWindow::kTotal, 100}});
  CHECK(spent(database, key.id, now) == std::map<std::string, std::int64_t>{{day->id, 20}, {"total", 40}});
  CHECK(spent(database, other.id, now).empty());

  SECTION("another limit of a window that is counted leaves what was spent alone") {
    run(database, [&](db::Transaction& tx) { return spend(tx, key.id, now, 5); });
    limited = set_budgets(database, limited, {{BudgetWindow::kDay, 200}, {BudgetWindow::kTotal, 100}});
    CHECK(spent(database, key.id, now)[day->id] == 20);
  }
  SECTION("a window that was away is summed up again with a newer version") {
    limited = set_budgets(database, limited, {});
    run(database, [&](db::Transaction& tx) { return spend(tx, key.id, now, 5); });
    limited = set_budgets(database, limited, {{BudgetWindow::kDay, 100}});
    const auto all =
        database.must([&](db::Transaction& tx) { return current_spending(tx, std::vector{key.id}, now, ""); });
    REQUIRE(all.size() == 2);
    CHECK(all[0].window_id == day->id);
    CHECK(all[0].spent_nano_usd == 25);
    CHECK(all[0].version == 2);
  }
}

TEST_CASE("an event that is being stored while a budget is set is counted") {
  Database database;
  const SystemTime now = RealClock().now();
  const ApiKey key = database.add_key(database.add_user().id, database.add_group().id);
  run(database, [&](db::Transaction& tx) { return spend(tx, key.id, now, 1); });
  auto connection = db::Connection::open(database.conninfo);
  REQUIRE(connection);
  auto storing = db::Transaction::begin(*connection);
  REQUIRE(storing);
  REQUIRE(spend(*storing, key.id, now, 2));
  std::thread setter([&] { (void)set_budgets(database, key, {{BudgetWindow::kTotal, 100}}); });
  // The setter waits for the event.
  const bool waits = testing::eventually(testing::kGenerous, [&] {
    auto rows = database.must(
        [](db::Transaction& tx) { return tx.exec("SELECT count(*) AS n FROM pg_locks WHERE NOT granted"); });
    return rows.front().get<std::int64_t>("n") > 0;
  });
  CHECK(storing->commit());
  setter.join();
  CHECK(waits);
  CHECK(spent(database, key.id, now)["total"] == 3);
}

TEST_CASE("keys are pushed again when what they spent changed") {
  Database database;
  const ApiKey key = database.add_key(database.add_user().id, database.add_group().id);
  const ApiKey gone = database.add_key(key.user_id, key.group_id);
  database.must([&](db::Transaction& tx) { return delete_api_key(tx, gone.id); });
  const auto before = database.version();
  run(database, [&](db::Transaction& tx) { return touch_api_keys(tx, {key.id, gone.id, new_id()}); });
  CHECK(seen(database.changes(before.number)) == std::vector<Seen>{{KIND_API_KEY, key.id, 2, STATE_ACTIVE}});
}

TEST_CASE("settings: everything is stored as it is pushed") {
  Database database;
  auto settings = database.must([](db::Transaction& tx) { return get_settings(tx); });
  CHECK(settings.value.SerializeAsString().empty());
  config::v1::Settings& value = settings.value;
  value.set_max_body_bytes(1 << 20);
  value.set_keepalive_seconds(2);
  value.set_default_user_concurrency(3);
  value.set_billing_time_zone("America/New_York");
  value.mutable_waiting()->set_per_user(4);
  value.mutable_waiting()->set_per_account(5);
  value.mutable_waiting()->set_limit_ms(6);
  value.mutable_waiting()->set_first_keepalive_ms(7);
  value.mutable_stickiness()->set_ttl_seconds(8);
  value.mutable_stickiness()->set_waiting(9);
  value.mutable_stickiness()->set_wait_ms(10);
  value.mutable_failover()->set_attempts(11);
  value.mutable_failover()->set_deadline_ms(12);
  value.mutable_failover()->set_first_content_ms(13);
  config::v1::LocalReply& reply = *value.add_local_replies();
  reply.set_name("hello");
  reply.add_group_ids(new_id());
  reply.set_model("claude");
  reply.set_text_contains("\"quoted\" <b>\n\u00e4\U0001F600");
  reply.set_reply("line\nline\t\\");
  *value.add_local_replies() = reply;
  value.set_money_without_redis(config::v1::OUTAGE_POLICY_REFUSE);
  value.set_decision_sample_ppm(14);
  const auto updated = database.must([&](db::Transaction& tx) { return update_settings(tx, settings); });
  CHECK(updated.value.SerializeAsString() == value.SerializeAsString());
  const auto read = database.must([](db::Transaction& tx) { return get_settings(tx); });
  CHECK(read.value.SerializeAsString() == value.SerializeAsString());
  CHECK(read.revision == 2);
}

TEST_CASE("settings: another time zone moves the windows of all budgets") {
  Database database;
  const SystemTime now = RealClock().now();
  const ApiKey key = database.add_key(database.add_user().id, database.add_group().id);
  const ApiKey free = database.add_key(key.user_id, key.group_id);
  const auto there = money::window_at(BudgetWindow::kDay, now, "Pacific/Kiritimati");
  const auto here = money::window_at(BudgetWindow::kDay, now, "");
  REQUIRE((there && here));
  // One event in today's window of each zone, but not of the other.
  const bool ahead = there->from > here->from;
  const SystemTime only_here = ahead ? here->from : here->to - std::chrono::seconds(1);
  const SystemTime only_there = ahead ? there->to - std::chrono::seconds(1) : there->from;
  run(database, [&](db::Transaction& tx) -> Result<> {
    if (auto done = spend(tx, key.id, only_here, 3); !done) return done;
    if (auto done = spend(tx, key.id, only_there, 4); !done) return done;
    return {};
  });
  const ApiKey limited = set_budgets(database, key, {{BudgetWindow::kDay, 100}});
  CHECK(spent(database, key.id, now)[here->id] == 3);
  const auto before = database.version();
  auto settings = database.must([](db::Transaction& tx) { return get_settings(tx); });
  settings.value.set_billing_time_zone("Pacific/Kiritimati");
  database.must([&](db::Transaction& tx) { return update_settings(tx, settings); });
  CHECK(spent(database, key.id, now, "Pacific/Kiritimati")[there->id] == 4);
  CHECK(seen(database.changes(before.number)) ==
        std::vector<Seen>{{KIND_API_KEY, limited.id, limited.revision + 1, STATE_ACTIVE},
                          {KIND_SETTINGS, "settings", 2, STATE_ACTIVE}});
}
