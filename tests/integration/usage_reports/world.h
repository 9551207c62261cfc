// A migrated database and usage events in it, for tests of what is read from them.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "common/base/uuid.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "controlplane/usage/rollups.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::usage {

// UTC.
inline SystemTime at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + std::chrono::hours(hour) +
         std::chrono::minutes(minute);
}

// What an event may differ in.
struct Planted {
  std::string at = "2026-03-29 12:00:00Z";
  int user = 1;  // ids end with these numbers
  int key = 1;
  int group = 1;
  int account = 1;
  std::string model = "m1";
  int outcome = 1;
  int status = 200;
  int cost = 1'000;
  std::int64_t duration_us = 1'000'000;
  std::int64_t first_byte_us = 1'000;
};

inline std::string id_of(int number) {
  return fmt::format("01935f7a-2c4e-7b3a-9a51-{:012d}", number);
}

// `count` events that begin at `at` and then every `every`.
inline void plant_into(const std::string& conninfo, const Planted& event, const std::string& user, int count = 1,
                       const std::string& every = "1 second") {
  const auto sql = [&](const std::string& text) { testing::PostgresServer::shared().run(conninfo, text); };
  const std::string times = fmt::format("generate_series(0, {}) AS g(i)", count - 1);
  const std::string time = fmt::format("(timestamptz '{}' + g.i * interval '{}')", event.at, every);
  sql(fmt::format(
      "SELECT ensure_usage_partition(d) FROM (SELECT DISTINCT ({} AT TIME ZONE 'UTC')::date AS d FROM {}) x", time,
      times));
  sql(fmt::format(
      "WITH fresh AS (INSERT INTO usage_events (day, event_id, started_at, ended_at, user_id, api_key_id, group_id, "
      "account_id, "
      "protocol, requested_model, served_model, streaming, outcome, usage_state, input_tokens, output_tokens, "
      "cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, raw_usage, price_revision, lines, "
      "multiplier_ppm, cost_nano_usd, upstream_status, upstream_request_id, first_byte_us, attempts, config_version, "
      "node_id, purchase_nano_usd) SELECT ({0} AT TIME ZONE 'UTC')::date, gen_random_uuid(), {0}, {0} + {1} * "
      "interval "
      "'1 us', '{2}', '{3}', '{4}', '{5}', 'anthropic', '{6}', '{6}', true, {7}, 1, 10, 20, 3, 4, 5, '', 1, '[]', "
      "1000000, {8}, {9}, 'r', {10}, 1, 1, 'n', {8} / 2 FROM {11} RETURNING user_id, api_key_id, "
      "cost_nano_usd, " SLUICE_ROLLED_UP_COLUMNS
      "), " SLUICE_CLASSED("fresh") ", " SLUICE_IN_MINUTES ", " SLUICE_IN_QUARTERS ", " SLUICE_IN_DAYS " SELECT 1",
      time, event.duration_us, user, id_of(event.key), id_of(event.group), id_of(event.account), event.model,
      event.outcome, event.cost, event.status, event.first_byte_us, times));
}

struct World {
  std::string conninfo = testing::migrated_database();
  db::Pool pool{db::PoolOptions{.conninfo = Secret(conninfo), .size = 4, .acquire_limit = testing::kGenerous}};

  template <class Fn>
  auto may(Fn&& fn) {
    return db::in_transaction(pool, std::forward<Fn>(fn));
  }
  template <class Fn>
  auto must(Fn&& fn) {
    auto result = may(std::forward<Fn>(fn));
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  std::string sql(const std::string& text) { return testing::PostgresServer::shared().run(conninfo, text); }

  // `count` events that begin at `at` and then every `every`.
  void plant(const Planted& event, int count = 1, const std::string& every = "1 second") {
    plant_into(conninfo, event, id_of(event.user), count, every);
  }
};

}  // namespace sluice::usage
