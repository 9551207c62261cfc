#include "controlplane/usage/tend_rollups.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "common/observe/log.h"
#include "controlplane/usage/rollups.h"
#include "controlplane/usage/sources.h"

namespace sluice::usage {

namespace {

struct Level {
  std::string_view table;
  std::string_view unit;  // SQL: the beginning of the bucket of $2
};
constexpr std::array<Level, 3> kLevels{
    {{"usage_minutes", "date_trunc('minute', $1::timestamptz, 'UTC')"},
     {"usage_quarters", "date_bin('15 minutes', $1, timestamptz '2000-01-01 00:00:00Z')"},
     {"usage_days", "date_trunc('day', $1::timestamptz, 'UTC')"}}};

#define SLUICE_DIMENSIONS "bucket, user_id, api_key_id, group_id, account_id, model, error_class"

// What comes meanwhile is not seen and stays as it is.
constexpr std::string_view kCompact =
    "WITH gone AS (DELETE FROM {table} WHERE bucket >= $1 AND bucket < $2 RETURNING *), "
    "sums AS (SELECT " SLUICE_DIMENSIONS
    ", sum(requests) AS requests, sum(input_tokens) AS input_tokens, "
    "  sum(output_tokens) AS output_tokens, sum(cache_read_tokens) AS cache_read_tokens, "
    "  sum(cache_write_5m_tokens) AS cache_write_5m_tokens, sum(cache_write_1h_tokens) AS cache_write_1h_tokens, "
    "  sum(cost_nano_usd) AS cost_nano_usd, sum(purchase_nano_usd) AS purchase_nano_usd FROM gone "
    "  GROUP BY " SLUICE_DIMENSIONS
    "), "
    "durations AS (SELECT " SLUICE_DIMENSIONS
    ", array_agg(b << 40 | n ORDER BY b) AS duration FROM "
    "  (SELECT " SLUICE_DIMENSIONS
    ", e >> 40 AS b, sum(e & 1099511627775)::bigint AS n FROM gone, unnest(duration) AS e "
    "   GROUP BY " SLUICE_DIMENSIONS ", e >> 40) AS counts GROUP BY " SLUICE_DIMENSIONS
    "), "
    "first_bytes AS (SELECT " SLUICE_DIMENSIONS
    ", array_agg(b << 40 | n ORDER BY b) AS first_byte FROM "
    "  (SELECT " SLUICE_DIMENSIONS
    ", e >> 40 AS b, sum(e & 1099511627775)::bigint AS n FROM gone, unnest(first_byte) AS e "
    "   GROUP BY " SLUICE_DIMENSIONS ", e >> 40) AS counts GROUP BY " SLUICE_DIMENSIONS
    ") "
    "INSERT INTO {table} (" SLUICE_ROLLUP_COLUMNS ") SELECT " SLUICE_DIMENSIONS
    ", requests, input_tokens, "
    "output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nano_usd, purchase_nano_usd, "
    "coalesce(duration, '{{}}'), coalesce(first_byte, '{{}}') FROM sums "
    "LEFT JOIN durations USING (" SLUICE_DIMENSIONS ") LEFT JOIN first_bytes USING (" SLUICE_DIMENSIONS ")";

// One statement and so one view: what is stored meanwhile is in neither side.
constexpr std::string_view kCompare =
    "SELECT (SELECT count(*) || ' ' || coalesce(sum(cost_nano_usd), 0) || ' ' || coalesce(sum(output_tokens), 0) "
    "  FROM usage_events WHERE day BETWEEN $1::date - 1 AND $1::date + 1 "
    "  AND started_at >= $1::date AT TIME ZONE 'UTC' AND started_at < ($1::date + 1) AT TIME ZONE 'UTC') AS events, "
    "(SELECT coalesce(sum(requests), 0) || ' ' || coalesce(sum(cost_nano_usd), 0) || ' ' || "
    "  coalesce(sum(output_tokens), 0) FROM usage_days WHERE bucket = $1::date AT TIME ZONE 'UTC') AS sums";

#define SLUICE_OF_DAY "bucket >= $1::date AT TIME ZONE 'UTC' AND bucket < ($1::date + 1) AT TIME ZONE 'UTC'"
constexpr std::string_view kOldSums =
    "WITH old_minutes AS (DELETE FROM usage_minutes WHERE " SLUICE_OF_DAY
    "), "
    "old_quarters AS (DELETE FROM usage_quarters WHERE " SLUICE_OF_DAY
    "), "
    "old_days AS (DELETE FROM usage_days WHERE " SLUICE_OF_DAY
    "), "
    "events AS (SELECT user_id, api_key_id, cost_nano_usd, " SLUICE_ROLLED_UP_COLUMNS
    " FROM usage_events "
    "  WHERE day BETWEEN $1::date - 1 AND $1::date + 1 AND started_at >= $1::date AT TIME ZONE 'UTC' "
    "  AND started_at < ($1::date + 1) AT TIME ZONE 'UTC'), " SLUICE_CLASSED("events") ", " SLUICE_IN_DAYS;

// Only the levels that are kept so long.
std::string rebuild_sql(std::chrono::days age) {
  std::string sql(kOldSums);
  if (age < kQuartersKept) sql += ", " SLUICE_IN_QUARTERS;
  if (age < kMinutesKept) sql += ", " SLUICE_IN_MINUTES;
  return sql + " SELECT 1";
}

}  // namespace

Result<std::int64_t> compact_rollups(db::Transaction& tx, SystemTime now) {
  std::int64_t left = 0;
  for (const Level& level : kLevels) {
    const auto from = tx.exec("SELECT compacted_until FROM usage_compaction WHERE rollup = $1 FOR UPDATE", level.table);
    if (!from) return std::unexpected(from.error());
    // The bucket of this moment is compacted, too, and again next time.
    const auto done = tx.exec(fmt::format(fmt::runtime(kCompact), fmt::arg("table", level.table)),
                              from->front().get<SystemTime>("compacted_until"), now + std::chrono::days(1));
    if (!done) return std::unexpected(done.error());
    left += static_cast<std::int64_t>(done->affected());
    const auto noted =
        tx.exec(fmt::format("UPDATE usage_compaction SET compacted_until = {} WHERE rollup = $2", level.unit), now,
                level.table);
    if (!noted) return std::unexpected(noted.error());
  }
  return left;
}

Result<Compared> compare_one_day(db::Transaction& tx, SystemTime now) {
  const auto due = tx.exec(
      "SELECT d.day::text AS day, ($1::timestamptz AT TIME ZONE 'UTC')::date - d.day AS age FROM "
      "usage_event_days() AS d(day) "
      "LEFT JOIN usage_rollup_days r USING (day) WHERE d.day <= ($1::timestamptz AT TIME ZONE 'UTC')::date "
      "AND (r.compared_at IS NULL OR (r.compared_at < (d.day + 1) AT TIME ZONE 'UTC' + interval '1 hour' "
      "  AND r.compared_at < $1::timestamptz - interval '1 hour')) ORDER BY d.day DESC LIMIT 1",
      now);
  if (!due) return std::unexpected(due.error());
  if (due->empty()) return Compared{};
  const auto day = due->front().get<std::string>("day");
  const auto sides = tx.exec(kCompare, day);
  if (!sides) return std::unexpected(sides.error());
  const auto events = sides->front().get<std::string>("events");
  const auto sums = sides->front().get<std::string>("sums");
  const bool differs = events != sums;
  if (differs) {
    observe::log(observe::Level::kWarn, "usage_sums_made_anew", {{"day", day}, {"events", events}, {"sums", sums}});
    const std::chrono::days age(due->front().get<std::int32_t>("age"));
    if (auto rebuilt = tx.exec(rebuild_sql(age), day); !rebuilt) return std::unexpected(rebuilt.error());
  }
  const auto noted = tx.exec(
      "INSERT INTO usage_rollup_days (day, compared_at, rebuilt) VALUES ($1::date, $2, $3) ON CONFLICT (day) DO UPDATE "
      "SET compared_at = excluded.compared_at, rebuilt = usage_rollup_days.rebuilt + excluded.rebuilt",
      day, now, differs ? 1 : 0);
  if (!noted) return std::unexpected(noted.error());
  return Compared{.any = true, .rebuilt = differs};
}

}  // namespace sluice::usage
