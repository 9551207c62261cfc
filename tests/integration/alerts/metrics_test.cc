// Each metric finds what was planted, and nothing where nothing is wrong.
#include "tests/integration/alerts/world.h"

namespace sluice::alerts {

namespace {

constexpr const char* kUser = "01900000-0000-7000-8000-000000000001";
constexpr const char* kGroup = "01900000-0000-7000-8000-000000000002";
constexpr const char* kAccount = "01900000-0000-7000-8000-000000000003";

void plant_basics(World& world) {
  world.sql(std::string("INSERT INTO users (id, email, role, status, concurrency, multiplier_ppm) VALUES ('") + kUser +
            "', 'u@example.com', 'user', 'active', 1, 1000000)");
  world.sql(std::string("INSERT INTO groups (id, name, status, multiplier_ppm, interruption_policy) VALUES ('") +
            kGroup + "', 'gold', 'active', 1000000, 'drain')");
  world.sql(
      std::string("INSERT INTO accounts (id, name, provider, base_url, priority, concurrency, status) VALUES ('") +
      kAccount + "', 'first', 'anthropic', 'https://a', 1, 1, 'active')");
  world.sql(std::string("INSERT INTO account_groups VALUES ('") + kAccount + "', '" + kGroup + "')");
}

void plant_events(World& world, int good, int bad) {
  const std::string day = db::format_time(world.clock.now()).substr(0, 10);
  world.sql("SELECT ensure_usage_partition(date '" + day + "')");
  for (const auto& [count, outcome] : {std::pair(good, 1), std::pair(bad, 4)}) {
    world.sql(
        "INSERT INTO usage_events (day, event_id, started_at, ended_at, user_id, api_key_id, group_id, account_id, "
        "protocol, requested_model, served_model, streaming, outcome, usage_state, input_tokens, output_tokens, "
        "cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_revision, lines, "
        "multiplier_ppm, cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version, "
        "node_id) SELECT date '" +
        day + "', gen_random_uuid(), t, t, '" + kUser + "', '" + kUser + "', '" + kGroup + "', '" + kAccount +
        "', 'messages', 'm', 'm', false, " + std::to_string(outcome) +
        ", 1, 1, 1, 0, 0, 0, '', 1, '[]', 1000000, 0, 200, '', 0, 1, 1, 'n' FROM (SELECT timestamptz '" +
        db::format_time(world.clock.now()) + "' - interval '1 minute' AS t FROM generate_series(1, " +
        std::to_string(count) + ")) AS x");
  }
}

std::vector<Finding> found(World& world, const std::string& metric, std::int64_t threshold) {
  const Metric* known = find_metric(metric);
  REQUIRE(known != nullptr);
  return world.must([&](db::Transaction& tx) { return ask(tx, *known, {.threshold = threshold}, world.clock.now()); });
}

}  // namespace

TEST_CASE("no metric finds anything in an empty installation") {
  World world;
  for (const Metric& metric : metrics()) {
    INFO(metric.name);
    CHECK(found(world, std::string(metric.name), 1).empty());
  }
}

TEST_CASE("error rates count what failed, by account, group and model") {
  World world;
  plant_basics(world);
  plant_events(world, 6, 3);
  CHECK(found(world, "account_error_rate", 10).empty());  // nine say nothing
  plant_events(world, 0, 3);
  for (const auto& [metric, object] : {std::pair("account_error_rate", kAccount), std::pair("group_error_rate", kGroup),
                                       std::pair("model_error_rate", "m")}) {
    INFO(metric);
    const auto findings = found(world, metric, 50);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].object_id == object);
    CHECK(findings[0].value == 50);
    CHECK(found(world, metric, 51).empty());
  }
  world.clock.advance(std::chrono::minutes(10));
  CHECK(found(world, "account_error_rate", 1).empty());
}

TEST_CASE("accounts out of the choice, and groups that have no other") {
  World world;
  plant_basics(world);
  CHECK(found(world, "group_without_healthy_account", 0).empty());
  CHECK(found(world, "group_without_healthy_account", 1).size() == 1);
  world.sql(std::string("INSERT INTO account_health (account_id, reason, until) VALUES ('") + kAccount + "', 1, '" +
            db::format_time(world.clock.now() + std::chrono::minutes(5)) + "')");
  CHECK(found(world, "account_unhealthy", 301).empty());
  REQUIRE(found(world, "account_unhealthy", 100).size() == 1);
  CHECK(found(world, "account_unhealthy", 100)[0].object_name == "first");
  CHECK(found(world, "group_without_healthy_account", 0).size() == 1);
  world.clock.advance(std::chrono::minutes(6));
  CHECK(found(world, "group_without_healthy_account", 0).empty());
}

TEST_CASE("money, subscriptions, logins, jobs, books and nodes") {
  World world;
  plant_basics(world);
  world.sql(std::string("INSERT INTO wallets (user_id, balance_nano_usd, version) VALUES ('") + kUser + "', 500, 1)");
  CHECK(found(world, "balance_below", 500).empty());
  CHECK(found(world, "balance_below", 501).at(0).object_name == "u@example.com");
  world.sql(std::string("INSERT INTO subscription_plans (id, group_id, name, days, status) VALUES ('") + kUser +
            "', '" + kGroup + "', 'p', 30, 'active')");
  world.sql(std::string("INSERT INTO subscriptions (id, user_id, group_id, plan_id, status, starts_at, expires_at) "
                        "VALUES ('") +
            kUser + "', '" + kUser + "', '" + kGroup + "', '" + kUser + "', 'active', '2026-01-01', '" +
            db::format_time(world.clock.now() + std::chrono::hours(1)) + "')");
  CHECK(found(world, "subscription_ending", 3'599).empty());
  CHECK(found(world, "subscription_ending", 3'600).size() == 1);
  world.sql("INSERT INTO jobs (name, last_outcome) VALUES ('broken', 'failed'), ('fine', 'done')");
  CHECK(found(world, "job_failing", 0).at(0).object_id == "broken");
  world.sql("INSERT INTO ledger_checks VALUES (gen_random_uuid(), now(), 1, '[[1,2,3,4]]')");
  CHECK(found(world, "ledger_drift", 0).size() == 1);
  CHECK(found(world, "ledger_drift", 1).empty());
  world.node("n1", 0);
  CHECK(found(world, "node_missing", 60).empty());
  world.clock.advance(std::chrono::seconds(61));
  CHECK(found(world, "node_missing", 60).at(0).value == 61);
  world.sql(std::string("INSERT INTO oauth_clients (id, name, client_id, authorize_url, token_url, redirect_url, "
                        "token_format, sealed, "
                        "key_version, status) VALUES ('") +
            kUser + "', 'c', 'c', 'https://a', 'https://a', 'https://a', 'form', '', 1, 'active')");
  world.sql(
      std::string("INSERT INTO oauth_grants (account_id, client_id, key_version, credential_revision, bound_host, "
                  "state, failures) VALUES ('") +
      kAccount + "', '" + kUser + "', 1, 1, 'h', 'active', 3)");
  CHECK(found(world, "oauth_failing", 4).empty());
  CHECK(found(world, "oauth_failing", 3).size() == 1);
  world.sql("UPDATE oauth_grants SET state = 'needs_login', failures = 0");
  CHECK(found(world, "oauth_failing", 4).size() == 1);
}

}  // namespace sluice::alerts
