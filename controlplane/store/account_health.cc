#include "controlplane/store/account_health.h"

#include "common/base/uuid.h"

namespace sluice::store {

Result<> put_account_health(db::Transaction& tx, const AccountHealth& health) {
  const auto done = tx.exec(
      "INSERT INTO account_health AS h (account_id, model, reason, until, upstream_status, detail, node_id, seen_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
      "ON CONFLICT (account_id, model, reason) DO UPDATE SET "
      "until = CASE WHEN excluded.until > excluded.seen_at THEN greatest(h.until, excluded.until) "
      "  ELSE excluded.until END, "
      "upstream_status = excluded.upstream_status, detail = excluded.detail, node_id = excluded.node_id, "
      "seen_at = excluded.seen_at",
      health.account_id, health.model, health.reason, health.until, health.upstream_status, health.detail,
      health.node_id, health.seen_at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::vector<AccountHealth>> list_account_health(db::Transaction& tx, std::string_view account_id) {
  const Result<Uuid> id = Uuid::parse(account_id);
  if (!id) return std::unexpected(id.error());
  const auto rows = tx.exec(
      "SELECT account_id::text AS account_id, model, reason::integer AS reason, until, upstream_status, detail, "
      "node_id, "
      "seen_at FROM account_health WHERE account_id = $1 ORDER BY until DESC, model, reason",
      *id);
  if (!rows) return std::unexpected(rows.error());
  std::vector<AccountHealth> all;
  for (const db::Row row : *rows) {
    all.push_back({.account_id = row.get<std::string>("account_id"),
                   .model = row.get<std::string>("model"),
                   .reason = row.get<std::int32_t>("reason"),
                   .until = row.get<SystemTime>("until"),
                   .upstream_status = row.get<std::int32_t>("upstream_status"),
                   .detail = row.get<std::string>("detail"),
                   .node_id = row.get<std::string>("node_id"),
                   .seen_at = row.get<SystemTime>("seen_at")});
  }
  return all;
}

Result<> drop_account_health(db::Transaction& tx, SystemTime ended_before) {
  const auto done = tx.exec("DELETE FROM account_health WHERE until < $1", ended_before);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::store
