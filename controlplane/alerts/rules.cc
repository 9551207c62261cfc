#include "controlplane/alerts/rules.h"

#include "controlplane/store/row_access.h"

namespace sluice::alerts {

namespace {

#define SLUICE_RULE_COLUMNS                                                                                     \
  "id, name, metric, threshold, window_seconds, for_seconds, cooldown_seconds, object_id, webhook_ids::text[] " \
  "AS webhook_ids, emails, silenced_until, last_error, status, revision, created_at, updated_at"

Rule read_rule(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .metric = row.get<std::string>("metric"),
          .threshold = row.get<std::int64_t>("threshold"),
          .window_seconds = row.get<std::int32_t>("window_seconds"),
          .for_seconds = row.get<std::int32_t>("for_seconds"),
          .cooldown_seconds = row.get<std::int32_t>("cooldown_seconds"),
          .object_id = row.get<std::string>("object_id"),
          .webhook_ids = row.get<std::vector<std::string>>("webhook_ids"),
          .emails = row.get<std::vector<std::string>>("emails"),
          .silenced_until = row.get<std::optional<SystemTime>>("silenced_until"),
          .last_error = row.get<std::string>("last_error"),
          .status = store::status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

// Locks the webhooks, so that none is deleted meanwhile.
Result<> check_webhooks(db::Transaction& tx, const Rule& rule) {
  const auto rows = tx.exec(
      "SELECT id FROM alert_webhooks WHERE id = ANY($1::uuid[]) AND status <> 'deleted' FOR SHARE", rule.webhook_ids);
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() == rule.webhook_ids.size()) return {};
  return fail(ErrorCode::kInvalidArgument, "webhook_ids: must be ids of webhooks, each once");
}

}  // namespace

Result<Rule> insert_rule(db::Transaction& tx, const Rule& rule) {
  if (auto fine = store::check_writable(rule.status); !fine) return std::unexpected(fine.error());
  if (auto fine = check_webhooks(tx, rule); !fine) return std::unexpected(fine.error());
  const auto rows = tx.exec(
      "INSERT INTO alert_rules (id, name, metric, threshold, window_seconds, for_seconds, cooldown_seconds, object_id, "
      "webhook_ids, emails, silenced_until, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10, $11, $12) "
      "RETURNING " SLUICE_RULE_COLUMNS,
      rule.id, rule.name, rule.metric, rule.threshold, rule.window_seconds, rule.for_seconds, rule.cooldown_seconds,
      rule.object_id, rule.webhook_ids, rule.emails, rule.silenced_until, name(rule.status));
  return store::one(rows, read_rule, [&] { return store::not_found("alert rule", rule.id); });
}

Result<Rule> get_rule(db::Transaction& tx, std::string_view id) {
  const auto rows = tx.exec("SELECT " SLUICE_RULE_COLUMNS " FROM alert_rules WHERE id = $1", id);
  return store::one(rows, read_rule, [&] { return store::not_found("alert rule", id); });
}

Result<store::Page<Rule>> list_rules(db::Transaction& tx, const store::PageRequest& page) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows =
      tx.exec("SELECT " SLUICE_RULE_COLUMNS " FROM alert_rules WHERE " SLUICE_KEYSET("created_at") "AND status <> "
              "'deleted' " SLUICE_KEYSET_ORDER("created_at"),
              store::time_of(*position), store::id_of(*position), store::page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Rule>(*rows, store::page_size(page), read_rule, store::position_by_created_at<Rule>);
}

Result<Rule> update_rule(db::Transaction& tx, const Rule& rule) {
  if (auto fine = store::check_writable(rule.status); !fine) return std::unexpected(fine.error());
  if (auto fine = check_webhooks(tx, rule); !fine) return std::unexpected(fine.error());
  const auto rows = tx.exec(
      "UPDATE alert_rules SET name = $3, metric = $4, threshold = $5, window_seconds = $6, for_seconds = $7, "
      "cooldown_seconds = $8, object_id = $9, webhook_ids = $10::uuid[], emails = $11, silenced_until = $12, "
      "status = $13, revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND revision = $2 AND status <> 'deleted' RETURNING " SLUICE_RULE_COLUMNS,
      rule.id, rule.revision, rule.name, rule.metric, rule.threshold, rule.window_seconds, rule.for_seconds,
      rule.cooldown_seconds, rule.object_id, rule.webhook_ids, rule.emails, rule.silenced_until, name(rule.status));
  return store::one(rows, read_rule, [&] { return store::why_unchanged(tx, "alert_rules", "alert rule", rule.id); });
}

Result<Rule> delete_rule(db::Transaction& tx, std::string_view id, SystemTime now,
                         std::optional<std::int64_t> revision) {
  const auto rows = tx.exec(
      "UPDATE alert_rules SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' RETURNING " SLUICE_RULE_COLUMNS,
      id, revision);
  auto rule = store::one(rows, read_rule, [&] { return store::why_unchanged(tx, "alert_rules", "alert rule", id); });
  if (!rule) return rule;
  const auto ended = tx.exec(
      "UPDATE alerts SET state = 'resolved', resolved_at = $2 WHERE rule_id = $1 AND state <> 'resolved'", id, now);
  if (!ended) return std::unexpected(ended.error());
  return rule;
}

Result<std::optional<Rule>> next_rule(db::Transaction& tx, SystemTime before) {
  const auto rows = tx.exec("SELECT " SLUICE_RULE_COLUMNS
                            " FROM alert_rules WHERE status = 'active' AND evaluated_at < $1 "
                            "ORDER BY evaluated_at LIMIT 1 FOR UPDATE SKIP LOCKED",
                            before);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<Rule>();
  return std::optional(read_rule(rows->front()));
}

Result<> note_evaluated(db::Transaction& tx, std::string_view id, SystemTime now, std::string_view error) {
  const auto done = tx.exec("UPDATE alert_rules SET evaluated_at = $2, last_error = $3 WHERE id = $1", id, now, error);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::alerts
