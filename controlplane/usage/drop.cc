// The dropping half of retention.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/observe/log.h"
#include "controlplane/usage/retention.h"
#include "controlplane/usage/sources.h"

namespace sluice::usage {

namespace {

constexpr int kRowsAtOnce = 5'000;

std::string day_text(SystemTime at) {
  return db::format_time(at).substr(0, 10);
}

// Dropping a partition locks the whole table: rather not at all than that everybody waits behind us. Below PostgreSQL's
// deadlock_timeout, so that it is never somebody else who is ended.
Result<> wait_shortly(db::Transaction& tx) {
  const auto set = tx.exec("SET LOCAL lock_timeout = '900ms'");
  if (!set) return std::unexpected(set.error());
  return {};
}

// Named as the migrations name them, and of nothing else: they go into SQL.
Result<std::int64_t> drop_table(db::Transaction& tx, const std::string& table) {
  if (Result<> set = wait_shortly(tx); !set) return std::unexpected(set.error());
  const auto dropped = tx.exec(fmt::format("DROP TABLE {}", table));
  if (!dropped) return std::unexpected(dropped.error());
  observe::log(observe::Level::kInfo, "usage_dropped", {{"table", table}});
  return 1;
}

// What the events of the day stand for elsewhere. Summed up before anything is locked: no event of such a day comes any
// more. Whoever stores events locks their table before the spending, so here it is locked before, too.
constexpr std::array<std::string_view, 7> kBookAsDropped{
    "CREATE TEMP TABLE dropped_windows ON COMMIT DROP AS SELECT api_key_id AS id, window_id, "
    "sum(cost_nano_usd)::bigint AS spent FROM usage_events, unnest(string_to_array(budget_windows, ' ')) AS window_id "
    "WHERE day = $1::date GROUP BY 1, 2",
    "CREATE TEMP TABLE dropped_allowances ON COMMIT DROP AS SELECT subscription_id AS id, window_id, "
    "sum(cost_nano_usd)::bigint AS spent FROM usage_events, "
    "unnest(string_to_array(subscription_windows, ' ')) AS window_id WHERE day = $1::date AND subscription_id IS NOT "
    "NULL GROUP BY 1, 2",
    "INSERT INTO usage_dropped_keys AS k (api_key_id, cost_nano_usd) SELECT api_key_id, sum(cost_nano_usd)::bigint "
    "FROM usage_events WHERE day = $1::date AND cost_nano_usd <> 0 GROUP BY 1 ORDER BY 1 "
    "ON CONFLICT (api_key_id) DO UPDATE SET cost_nano_usd = k.cost_nano_usd + excluded.cost_nano_usd",
    "INSERT INTO usage_dropped_days (day, dropped_at, events, cost_nano_usd) SELECT $1::date, now(), count(*), "
    "coalesce(sum(cost_nano_usd), 0) FROM usage_events WHERE day = $1::date",
    "LOCK TABLE usage_events IN ACCESS EXCLUSIVE MODE",
    "UPDATE key_spending s SET base_nano_usd = s.base_nano_usd + d.spent FROM dropped_windows d "
    "WHERE s.api_key_id = d.id AND s.window_id = d.window_id",
    "UPDATE subscription_spending s SET base_nano_usd = s.base_nano_usd + d.spent FROM dropped_allowances d "
    "WHERE s.subscription_id = d.id AND s.window_id = d.window_id"};

// The sums of the day and of the next, which may have events of its partition, were compared with them.
constexpr std::string_view kDueDay =
    "SELECT d.day::text AS day, to_char(d.day, 'YYYYMMDD') AS suffix FROM usage_event_days() AS d(day) "
    "WHERE d.day < $1::date AND EXISTS (SELECT FROM usage_rollup_days r WHERE r.day = d.day) AND "
    "(EXISTS (SELECT FROM usage_rollup_days r WHERE r.day = d.day + 1) OR "
    "to_regclass('usage_events_' || to_char(d.day + 1, 'YYYYMMDD')) IS NULL) ORDER BY 1 LIMIT 1";

struct Rollup {
  std::string_view table;
  std::string_view unit;
  SystemTime until;  // what ends before is dropped
};

// The oldest partition that has ended, if any.
Result<std::int64_t> drop_oldest(db::Transaction& tx, const Rollup& rollup) {
  const auto due =
      tx.exec(fmt::format("SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                          "WHERE i.inhparent = '{0}'::regclass AND c.relname ~ '_[0-9]{{8}}$' AND "
                          "to_date(right(c.relname, 8), 'YYYYMMDD') + interval '1 {1}' <= $1::date ORDER BY 1 LIMIT 1",
                          rollup.table, rollup.unit),
              day_text(rollup.until));
  if (!due) return std::unexpected(due.error());
  if (due->empty()) return 0;
  return drop_table(tx, due->front().get<std::string>("name"));
}

Result<std::int64_t> delete_rows(db::Transaction& tx, std::string_view table, std::string_view column,
                                 SystemTime until) {
  const auto gone = tx.exec(
      fmt::format("DELETE FROM {0} WHERE ctid IN (SELECT ctid FROM {0} WHERE {1} < $1 LIMIT $2)", table, column), until,
      kRowsAtOnce);
  if (!gone) return std::unexpected(gone.error());
  return static_cast<std::int64_t>(gone->affected());
}

Result<> drop_sums_of(db::Transaction& tx, const Rollup& rollup, Dropped& into) {
  const auto tables = drop_oldest(tx, rollup);
  if (!tables) return std::unexpected(tables.error());
  into.tables += *tables;
  const auto rows = delete_rows(tx, fmt::format("{}_rest", rollup.table), "bucket", rollup.until);
  if (!rows) return std::unexpected(rows.error());
  into.rows += *rows;
  return {};
}

// The beginning of the first day that has events: its sums stay.
Result<SystemTime> oldest_event(db::Transaction& tx) {
  const auto rows = tx.exec(
      "SELECT coalesce(min(day), current_date)::timestamp AT TIME ZONE 'UTC' AS at "
      "FROM usage_event_days() AS d(day)");
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<SystemTime>("at");
}

}  // namespace

Result<Dropped> drop_events_of_a_day(db::Transaction& tx, SystemTime now) {
  const auto retention = get_retention(tx);
  if (!retention) return std::unexpected(retention.error());
  if (retention->events == 0) return Dropped{};
  const auto due = tx.exec(kDueDay, day_text(now - std::chrono::days(retention->events)));
  if (!due) return std::unexpected(due.error());
  if (due->empty()) return Dropped{};
  const auto day = due->front().get<std::string>("day");
  Dropped dropped;
  if (Result<> set = wait_shortly(tx); !set) return std::unexpected(set.error());
  for (const std::string_view sql : kBookAsDropped) {
    const auto booked = sql.find("$1") == std::string_view::npos ? tx.exec(sql) : tx.exec(sql, day);
    if (!booked) return std::unexpected(booked.error());
    dropped.rows += static_cast<std::int64_t>(booked->affected());
  }
  const auto gone = drop_table(tx, "usage_events_" + due->front().get<std::string>("suffix"));
  if (!gone) return std::unexpected(gone.error());
  dropped.tables = *gone;
  return dropped;
}

Result<Dropped> drop_sums(db::Transaction& tx, SystemTime now) {
  const auto retention = get_retention(tx);
  if (!retention) return std::unexpected(retention.error());
  Dropped dropped;
  std::vector<Rollup> rollups{{"usage_minutes", "day", now - kMinutesKept},
                              {"usage_quarters", "month", now - kQuartersKept}};
  if (retention->days > 0) {
    const auto oldest = oldest_event(tx);
    if (!oldest) return std::unexpected(oldest.error());
    rollups.push_back({"usage_days", "year", std::min(now - std::chrono::days(retention->days), *oldest)});
  }
  for (const Rollup& rollup : rollups) {
    if (Result<> done = drop_sums_of(tx, rollup, dropped); !done) return std::unexpected(done.error());
  }
  if (retention->quarantine == 0) return dropped;
  const auto rows = delete_rows(tx, "usage_quarantine", "received_at", now - std::chrono::days(retention->quarantine));
  if (!rows) return std::unexpected(rows.error());
  dropped.rows += *rows;
  return dropped;
}

}  // namespace sluice::usage
