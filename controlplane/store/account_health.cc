#include "controlplane/store/account_health.h"

#include "common/base/uuid.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {

namespace {

// The row of account_health is locked, so no other report begins the same episode beside this one.
Result<> put_episode(db::Transaction& tx, const AccountHealth& health) {
  const bool over = health.until <= health.seen_at;
  const auto extended = tx.exec(
      "UPDATE account_health_history SET until = CASE WHEN $4 THEN greatest(began_at, $5) ELSE greatest(until, $5) "
      "END, "
      "upstream_status = $6, detail = $7, node_id = $8, reports = reports + 1 "
      "WHERE account_id = $1 AND model = $2 AND reason = $3 AND until > $9",
      health.account_id, health.model, health.reason, over, health.until, health.upstream_status, health.detail,
      health.node_id, health.seen_at);
  if (!extended) return std::unexpected(extended.error());
  if (over || extended->affected() > 0) return {};
  const auto begun = tx.exec(
      "INSERT INTO account_health_history (id, account_id, model, reason, began_at, until, upstream_status, detail, "
      "node_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      Uuid::generate(health.seen_at), health.account_id, health.model, health.reason, health.seen_at, health.until,
      health.upstream_status, health.detail, health.node_id);
  if (!begun) return std::unexpected(begun.error());
  return {};
}

}  // namespace

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
  return put_episode(tx, health);
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

Result<Page<HealthEpisode>> list_health_episodes(db::Transaction& tx, const PageRequest& page,
                                                 std::string_view account_id) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec(
      "SELECT id, account_id::text AS account_id, model, reason::integer AS reason, began_at, until, upstream_status, "
      "detail, node_id, reports FROM account_health_history WHERE " SLUICE_KEYSET(
          "began_at") "AND account_id = $4 " SLUICE_KEYSET_ORDER("began_at"),
      time_of(*position), id_of(*position), page_size(page) + 1, account_id);
  if (!rows) return std::unexpected(rows.error());
  return make_page<HealthEpisode>(
      *rows, page_size(page),
      [](const db::Row& row) {
        return HealthEpisode{.id = row.get<std::string>("id"),
                             .health = {.account_id = row.get<std::string>("account_id"),
                                        .model = row.get<std::string>("model"),
                                        .reason = row.get<std::int32_t>("reason"),
                                        .until = row.get<SystemTime>("until"),
                                        .upstream_status = row.get<std::int32_t>("upstream_status"),
                                        .detail = row.get<std::string>("detail"),
                                        .node_id = row.get<std::string>("node_id")},
                             .began_at = row.get<SystemTime>("began_at"),
                             .reports = row.get<std::int64_t>("reports")};
      },
      [](const HealthEpisode& row) { return Position{row.began_at, row.id}; });
}

Result<> drop_account_health(db::Transaction& tx, SystemTime ended_before) {
  const auto episodes = tx.exec("DELETE FROM account_health_history WHERE until < $1", ended_before);
  if (!episodes) return std::unexpected(episodes.error());
  const auto done = tx.exec("DELETE FROM account_health WHERE until < $1", ended_before);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::store
