#include "controlplane/alerts/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::alerts {

namespace {

// An error is what a client did not get for a reason that is not his: cut, refused by the upstream, lost with a node,
// ended by the gateway (sluice.usage.v1.Outcome 3 to 6). Fewer than 10 requests say nothing.
#define SLUICE_ERROR_RATE(id_column, name_expression)                                                            \
  "SELECT " id_column "::text AS object_id, " name_expression                                                    \
  " AS object_name, "                                                                                            \
  "100 * count(*) FILTER (WHERE e.outcome BETWEEN 3 AND 6) / count(*) AS value "                                 \
  "FROM usage_events e WHERE e.started_at > $2::timestamptz - make_interval(secs => $3) AND e.started_at <= $2 " \
  "GROUP BY 1, " id_column                                                                                       \
  " HAVING count(*) >= 10 AND "                                                                                  \
  "100 * count(*) FILTER (WHERE e.outcome BETWEEN 3 AND 6) / count(*) >= $1"

constexpr std::array kMetrics = std::to_array<Metric>({
    {"account_error_rate", "percent", "Requests of an account that failed within the window, of ten or more.",
     SLUICE_ERROR_RATE("e.account_id", "(SELECT name FROM accounts WHERE id = e.account_id)")},
    {"account_unhealthy", "seconds", "An active account is kept out of the choice, and will be for so long or longer.",
     "SELECT a.id::text AS object_id, a.name AS object_name, "
     "max(extract(epoch FROM h.until - $2::timestamptz))::bigint AS value "
     "FROM account_health h JOIN accounts a ON a.id = h.account_id AND a.status = 'active' "
     "WHERE h.model = '' AND h.until > $2::timestamptz + make_interval(secs => $1) AND $3::bigint > 0 GROUP BY a.id"},
    {"balance_below", "nano-USD", "The wallet of an active user is below this.",
     "SELECT u.id::text AS object_id, u.email AS object_name, w.balance_nano_usd AS value FROM wallets w "
     "JOIN users u ON u.id = w.user_id AND u.status = 'active' "
     "WHERE w.balance_nano_usd < $1 AND $2::timestamptz IS NOT NULL AND $3::bigint > 0"},
    {"group_error_rate", "percent", "Requests of a group that failed within the window, of ten or more.",
     SLUICE_ERROR_RATE("e.group_id", "(SELECT name FROM groups WHERE id = e.group_id)")},
    {"group_without_healthy_account", "", "An active group has no more healthy accounts than this.",
     "SELECT g.id::text AS object_id, g.name AS object_name, "
     "count(a.id) FILTER (WHERE NOT EXISTS (SELECT FROM account_health h WHERE h.account_id = a.id AND h.model = '' "
     "AND h.until > $2)) AS value FROM groups g JOIN account_groups l ON l.group_id = g.id "
     "JOIN accounts a ON a.id = l.account_id AND a.status = 'active' WHERE g.status = 'active' AND $3::bigint > 0 "
     "GROUP BY g.id HAVING count(a.id) FILTER (WHERE NOT EXISTS (SELECT FROM account_health h WHERE h.account_id = "
     "a.id "
     "AND h.model = '' AND h.until > $2)) <= $1"},
    {"job_failing", "", "A job of the control plane failed when it ran last; the threshold means nothing.",
     "SELECT name AS object_id, name AS object_name, 1::bigint AS value FROM jobs WHERE last_outcome = 'failed' "
     "AND $1::bigint >= 0 AND $2::timestamptz IS NOT NULL AND $3::bigint > 0"},
    {"journal_backlog", "", "A node holds so many usage records or more that are not reported yet.",
     "SELECT node_id AS object_id, node_id AS object_name, journal_records AS value FROM nodes "
     "WHERE journal_records >= $1 AND $2::timestamptz IS NOT NULL AND $3::bigint > 0"},
    {"ledger_drift", "", "The last check of the books found more differences than this.",
     "SELECT 'ledger' AS object_id, 'ledger' AS object_name, jsonb_array_length(drifts)::bigint AS value "
     "FROM (SELECT drifts FROM ledger_checks ORDER BY at DESC LIMIT 1) AS last "
     "WHERE jsonb_array_length(drifts) > $1::bigint AND $2::timestamptz IS NOT NULL AND $3::bigint > 0"},
    {"model_error_rate", "percent", "Requests for a model that failed within the window, of ten or more.",
     SLUICE_ERROR_RATE("e.requested_model", "e.requested_model")},
    {"node_missing", "seconds", "Nothing was heard of a node for so long.",
     "SELECT node_id AS object_id, node_id AS object_name, "
     "extract(epoch FROM $2::timestamptz - last_seen)::bigint AS value FROM nodes "
     "WHERE last_seen < $2::timestamptz - make_interval(secs => $1) AND $3::bigint > 0"},
    {"oauth_failing", "", "The login of an account needs a person, or its refresh failed so often in a row.",
     "SELECT a.id::text AS object_id, a.name AS object_name, g.failures::bigint AS value FROM oauth_grants g "
     "JOIN accounts a ON a.id = g.account_id AND a.status = 'active' WHERE (g.state = 'needs_login' OR "
     "(g.failures > 0 AND g.failures >= $1)) AND $2::timestamptz IS NOT NULL AND $3::bigint > 0"},
    {"subscription_ending", "seconds", "A live subscription ends within this time.",
     "SELECT s.id::text AS object_id, u.email AS object_name, "
     "extract(epoch FROM s.expires_at - $2::timestamptz)::bigint AS value FROM subscriptions s "
     "JOIN users u ON u.id = s.user_id WHERE s.status = 'active' AND s.expires_at > $2 "
     "AND s.expires_at <= $2::timestamptz + make_interval(secs => $1) AND $3::bigint > 0"},
});
static_assert(std::ranges::is_sorted(kMetrics, {}, &Metric::name));

}  // namespace

std::span<const Metric> metrics() {
  return kMetrics;
}

const Metric* find_metric(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(kMetrics, name, {}, &Metric::name);
  return found == kMetrics.end() || found->name != name ? nullptr : found;
}

Result<std::vector<Finding>> ask(db::Transaction& tx, const Metric& metric, const Question& question, SystemTime now) {
  const auto rows =
      tx.exec(fmt::format("SELECT object_id, COALESCE(object_name, '') AS object_name, value FROM ({}) AS found "
                          "WHERE $4 = '' OR object_id = $4 ORDER BY object_id LIMIT $5",
                          metric.sql),
              question.threshold, now, question.window_seconds, question.object_id, kMostFindings);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Finding> findings;
  for (const db::Row row : *rows) {
    findings.push_back({.object_id = row.get<std::string>("object_id"),
                        .object_name = row.get<std::string>("object_name"),
                        .value = row.get<std::int64_t>("value")});
  }
  return findings;
}

}  // namespace sluice::alerts
