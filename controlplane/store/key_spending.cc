#include "controlplane/store/key_spending.h"

#include <array>

namespace sluice::store {

namespace {

constexpr std::array kWindows = {BudgetWindow::kDay, BudgetWindow::kWeek, BudgetWindow::kMonth, BudgetWindow::kTotal};

Result<> sum_window(db::Transaction& tx, const std::vector<std::string>& key_ids, BudgetWindow window,
                    const money::WindowSpan& span) {
  const bool endless = window == BudgetWindow::kTotal;
  const auto end = endless ? std::nullopt : std::optional(span.to);
  const auto done = tx.exec(
      "INSERT INTO key_spending AS s (api_key_id, window_id, spent_nano_usd, base_nano_usd, version) "
      "SELECT api_key_id, $3, (COALESCE(inside, 0) + before)::bigint, "
      "(COALESCE(inside, 0) + before - COALESCE(named, 0))::bigint, 1 "
      "FROM api_key_budgets b, LATERAL (SELECT CASE WHEN $6 THEN COALESCE((SELECT cost_nano_usd FROM "
      "usage_dropped_keys d WHERE d.api_key_id = b.api_key_id), 0) ELSE 0 END AS before) dropped, LATERAL (SELECT "
      "sum(e.cost_nano_usd) FILTER (WHERE $6 OR e.started_at >= $4 AND e.started_at < $5::timestamptz) AS inside, "
      "sum(e.cost_nano_usd) FILTER (WHERE $3 = ANY(string_to_array(e.budget_windows, ' '))) AS named "
      // Zones are at most 26 hours apart.
      "FROM usage_events e WHERE e.api_key_id = b.api_key_id AND ($6 OR e.started_at >= $4::timestamptz - interval "
      "'2 days' AND e.started_at < $5::timestamptz + interval '2 days')) sums "
      "WHERE api_key_id = ANY($1::uuid[]) AND budget_window = $2 ORDER BY api_key_id "
      "ON CONFLICT (api_key_id, window_id) DO UPDATE SET spent_nano_usd = EXCLUDED.spent_nano_usd, "
      "base_nano_usd = EXCLUDED.base_nano_usd, "
      "version = s.version + 1",
      key_ids, name(window), span.id, span.from, end, endless);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace

Result<> own_key_spending(db::Transaction& tx) {
  // ONLY: events come in through the parent, so its partitions need no locks of their own.
  const auto locked = tx.exec("LOCK TABLE ONLY usage_events IN SHARE ROW EXCLUSIVE MODE");
  if (!locked) return std::unexpected(locked.error());
  return {};
}

Result<> sum_key_spending(db::Transaction& tx, const std::vector<std::string>& key_ids, SystemTime now,
                          const std::string& time_zone) {
  for (const BudgetWindow window : kWindows) {
    const Result<money::WindowSpan> span = money::window_at(window, now, time_zone);
    if (!span) return std::unexpected(span.error());
    if (Result<> summed = sum_window(tx, key_ids, window, *span); !summed) return summed;
  }
  return {};
}

Result<std::vector<KeySpending>> current_spending(db::Transaction& tx,
                                                  const std::optional<std::vector<std::string>>& key_ids,
                                                  SystemTime now, const std::string& time_zone) {
  std::vector<std::string> windows;
  for (const BudgetWindow window : kWindows) {
    const Result<money::WindowSpan> span = money::window_at(window, now, time_zone);
    if (!span) return std::unexpected(span.error());
    windows.push_back(span->id);
  }
  const auto rows = tx.exec(
      "SELECT api_key_id, window_id, spent_nano_usd, version FROM key_spending WHERE window_id = ANY($2::text[]) "
      "AND ($1::text[] IS NULL OR api_key_id = ANY($1::text[]::uuid[])) ORDER BY api_key_id, window_id",
      key_ids, windows);
  if (!rows) return std::unexpected(rows.error());
  std::vector<KeySpending> out;
  for (const db::Row row : *rows) {
    out.push_back({.api_key_id = row.get<std::string>("api_key_id"),
                   .window_id = row.get<std::string>("window_id"),
                   .spent_nano_usd = row.get<std::int64_t>("spent_nano_usd"),
                   .version = row.get<std::int64_t>("version")});
  }
  return out;
}

Result<std::vector<Budget>> get_budgets(db::Transaction& tx, std::string_view key_id) {
  const auto rows = tx.exec("SELECT budget_window, limit_nano_usd FROM api_key_budgets WHERE api_key_id = $1", key_id);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Budget> out;
  for (const db::Row row : *rows)
    out.push_back({budget_window_of(row.get<std::string>("budget_window")), row.get<std::int64_t>("limit_nano_usd")});
  std::ranges::sort(out, {}, &Budget::window);
  return out;
}

}  // namespace sluice::store
