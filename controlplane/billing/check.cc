#include "controlplane/billing/ledger.h"

namespace sluice::billing {

namespace {

// One statement, so that all checks look at the same moment.
constexpr std::string_view kDrift =
    "WITH lines AS (SELECT user_id, sum(amount_nano_usd) AS amount FROM ledger_lines WHERE account = 'wallet' "
    "  GROUP BY user_id), "
    "drift AS ("
    "  SELECT 'wallet' AS invariant, coalesce(w.user_id, l.user_id)::text AS id, coalesce(l.amount, 0) AS expected, "
    "    coalesce(w.balance_nano_usd, 0) AS actual FROM wallets w FULL JOIN lines l USING (user_id) "
    "  UNION ALL "
    "  SELECT 'ledger', '', 0, coalesce(sum(amount_nano_usd), 0) FROM ledger_lines "
    "  UNION ALL "
    "  SELECT 'transaction', transaction_id::text, 0, sum(amount_nano_usd) FROM ledger_lines GROUP BY transaction_id "
    "  UNION ALL "
    "  SELECT 'revenue', '', (SELECT coalesce(sum(cost_nano_usd), 0) FROM usage_events) + "
    "    (SELECT coalesce(sum(cost_nano_usd), 0) FROM usage_dropped_days), "
    "    (SELECT coalesce(sum(amount_nano_usd), 0) FROM ledger_lines WHERE account = 'revenue') "
    "  UNION ALL "
    "  SELECT 'event', coalesce(e.event_id, t.id)::text, coalesce(e.cost_nano_usd, 0), coalesce(t.amount, 0) "
    "    FROM (SELECT event_id, cost_nano_usd, user_id, "
    "      CASE WHEN subscription_id IS NULL THEN 'wallet' ELSE 'subscription' END AS account "
    "      FROM usage_events WHERE cost_nano_usd <> 0) e "
    "    FULL JOIN (SELECT t.id, -l.amount_nano_usd AS amount, l.user_id, l.account FROM ledger_transactions t "
    "      LEFT JOIN ledger_lines l ON l.transaction_id = t.id AND l.user_id IS NOT NULL WHERE t.kind = 'usage' "
    "      AND NOT EXISTS (SELECT FROM usage_dropped_days d WHERE d.day = day_of_uuid(t.id))) t "
    "    ON t.id = e.event_id AND t.user_id = e.user_id AND t.account = e.account "
    "  UNION ALL "
    "  SELECT 'budget', api_key_id || ':' || window_id, coalesce(e.spent, 0) + coalesce(k.base_nano_usd, 0), "
    "    coalesce(k.spent_nano_usd, 0) "
    "    FROM (SELECT api_key_id, window_id, sum(cost_nano_usd) AS spent "
    "      FROM usage_events, unnest(string_to_array(budget_windows, ' ')) AS window_id GROUP BY api_key_id, "
    "window_id) "
    "    AS e FULL JOIN key_spending AS k USING (api_key_id, window_id) "
    "  UNION ALL "
    "  SELECT 'subscription', subscription_id || ':' || window_id, coalesce(e.spent, 0) + coalesce(s.base_nano_usd, "
    "0), "
    "    coalesce(s.spent_nano_usd, 0) "
    "    FROM (SELECT subscription_id, window_id, sum(cost_nano_usd) AS spent "
    "      FROM usage_events, unnest(string_to_array(subscription_windows, ' ')) AS window_id "
    "      WHERE subscription_id IS NOT NULL GROUP BY subscription_id, window_id) "
    "    AS e FULL JOIN subscription_spending AS s USING (subscription_id, window_id) "
    "  UNION ALL "
    // Days that the job compared once; a day also has events of its neighbours' partitions.
    "  SELECT 'rollup', day::text, coalesce(e.cost, 0), coalesce(s.cost, 0) "
    "    FROM (SELECT (started_at AT TIME ZONE 'UTC')::date AS day, sum(cost_nano_usd) AS cost FROM usage_events "
    "      GROUP BY 1) AS e FULL JOIN (SELECT (bucket AT TIME ZONE 'UTC')::date AS day, sum(cost_nano_usd) AS cost "
    "      FROM usage_days GROUP BY 1) AS s USING (day) JOIN usage_rollup_days AS r USING (day) "
    "    WHERE NOT EXISTS (SELECT FROM usage_dropped_days d WHERE d.day BETWEEN r.day - 1 AND r.day + 1)) "
    "SELECT invariant, id, expected::text AS expected, actual::text AS actual FROM drift WHERE expected <> actual "
    "ORDER BY invariant, id LIMIT $1";

}  // namespace

Result<std::vector<Drift>> check(db::Transaction& tx, int limit) {
  const auto rows = tx.exec(kDrift, limit);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Drift> drift;
  for (const db::Row row : *rows) {
    drift.push_back({.invariant = row.get<std::string>("invariant"),
                     .id = row.get<std::string>("id"),
                     .expected_nano_usd = row.get<std::string>("expected"),
                     .actual_nano_usd = row.get<std::string>("actual")});
  }
  return drift;
}

}  // namespace sluice::billing
