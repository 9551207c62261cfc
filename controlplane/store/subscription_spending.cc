#include "controlplane/store/subscription_spending.h"

#include <array>
#include <map>

#include "controlplane/store/users.h"

namespace sluice::store {

namespace {

constexpr std::array kWindows = {BudgetWindow::kDay, BudgetWindow::kWeek, BudgetWindow::kMonth};

Result<std::vector<money::WindowSpan>> windows_at(SystemTime now, const std::string& time_zone) {
  std::vector<money::WindowSpan> spans;
  for (const BudgetWindow window : kWindows) {
    Result<money::WindowSpan> span = money::window_at(window, now, time_zone);
    if (!span) return std::unexpected(span.error());
    spans.push_back(std::move(*span));
  }
  return spans;
}

UsableSubscription read_usable(const db::Row& row) {
  UsableSubscription out{.id = row.get<std::string>("id"),
                         .user_id = row.get<std::string>("user_id"),
                         .group_id = row.get<std::string>("group_id"),
                         .starts_at = row.get<SystemTime>("starts_at"),
                         .expires_at = row.get<SystemTime>("expires_at")};
  const std::pair<BudgetWindow, std::string_view> limits[] = {{BudgetWindow::kDay, "day_nano_usd"},
                                                              {BudgetWindow::kWeek, "week_nano_usd"},
                                                              {BudgetWindow::kMonth, "month_nano_usd"}};
  for (const auto& [window, column] : limits) {
    if (const auto limit = row.get<std::optional<std::int64_t>>(column)) out.budgets.push_back({window, *limit});
  }
  return out;
}

Result<> add_spending(db::Transaction& tx, std::vector<UsableSubscription>& subscriptions,
                      const std::vector<money::WindowSpan>& spans) {
  std::map<std::string, UsableSubscription*> by_id;
  std::vector<std::string> ids;
  for (UsableSubscription& one : subscriptions) {
    by_id[one.id] = &one;
    ids.push_back(one.id);
  }
  std::vector<std::string> windows;
  for (const money::WindowSpan& span : spans)
    windows.push_back(span.id);
  const auto rows = tx.exec(
      "SELECT subscription_id::text AS id, window_id, spent_nano_usd, version FROM subscription_spending "
      "WHERE subscription_id = ANY($1::uuid[]) AND window_id = ANY($2::text[]) ORDER BY subscription_id, window_id",
      ids, windows);
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows) {
    const auto id = row.get<std::string>("id");
    by_id[id]->spending.push_back({.subscription_id = id,
                                   .window_id = row.get<std::string>("window_id"),
                                   .spent_nano_usd = row.get<std::int64_t>("spent_nano_usd"),
                                   .version = row.get<std::int64_t>("version")});
  }
  return {};
}

}  // namespace

Result<std::vector<UsableSubscription>> usable_subscriptions(db::Transaction& tx,
                                                             const std::optional<std::vector<std::string>>& user_ids,
                                                             SystemTime now, const std::string& time_zone) {
  const auto spans = windows_at(now, time_zone);
  if (!spans) return std::unexpected(spans.error());
  const auto rows = tx.exec(
      "SELECT s.id::text AS id, s.user_id::text AS user_id, s.group_id::text AS group_id, s.starts_at, s.expires_at, "
      "p.day_nano_usd, p.week_nano_usd, p.month_nano_usd FROM subscriptions s "
      "JOIN subscription_plans p ON p.id = s.plan_id JOIN groups g ON g.id = s.group_id AND g.status <> 'deleted' "
      "WHERE s.status = 'active' AND s.expires_at > $2 AND ($1::text[] IS NULL OR s.user_id = ANY($1::text[]::uuid[])) "
      "ORDER BY s.user_id, s.id",
      user_ids, now);
  if (!rows) return std::unexpected(rows.error());
  std::vector<UsableSubscription> out;
  for (const db::Row row : *rows)
    out.push_back(read_usable(row));
  if (out.empty()) return out;
  if (auto added = add_spending(tx, out, *spans); !added) return std::unexpected(added.error());
  return out;
}

Result<> sum_subscription_spending(db::Transaction& tx, SystemTime now, const std::string& time_zone) {
  const auto spans = windows_at(now, time_zone);
  if (!spans) return std::unexpected(spans.error());
  for (const money::WindowSpan& span : *spans) {
    const auto done = tx.exec(
        "INSERT INTO subscription_spending AS s (subscription_id, window_id, spent_nano_usd, base_nano_usd, version) "
        "SELECT id, $1, coalesce(inside, 0)::bigint, (coalesce(inside, 0) - coalesce(named, 0))::bigint, 1 "
        "FROM subscriptions u, LATERAL (SELECT "
        "sum(e.cost_nano_usd) FILTER (WHERE e.started_at >= $2 AND e.started_at < $3) AS inside, "
        "sum(e.cost_nano_usd) FILTER (WHERE $1 = ANY(string_to_array(e.subscription_windows, ' '))) AS named "
        "FROM usage_events e WHERE e.subscription_id = u.id AND e.started_at >= $2::timestamptz - interval '2 days' "
        "AND e.started_at < $3::timestamptz + interval '2 days') sums "
        "WHERE status = 'active' AND expires_at > $4 ORDER BY id "
        "ON CONFLICT (subscription_id, window_id) DO UPDATE SET spent_nano_usd = excluded.spent_nano_usd, "
        "base_nano_usd = excluded.base_nano_usd, "
        "version = s.version + 1",
        span.id, span.from, span.to, now);
    if (!done) return std::unexpected(done.error());
  }
  const auto rows = tx.exec(
      "SELECT DISTINCT user_id::text AS id FROM subscriptions WHERE status = 'active' AND expires_at > $1", now);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> users;
  for (const db::Row row : *rows)
    users.push_back(row.get<std::string>("id"));
  return touch_users(tx, users);
}

}  // namespace sluice::store
