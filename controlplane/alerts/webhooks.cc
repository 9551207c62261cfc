// The webhooks' half of rules.h.
#include <fmt/format.h>

#include "controlplane/alerts/rules.h"
#include "controlplane/store/row_access.h"

namespace sluice::alerts {

namespace {

#define SLUICE_WEBHOOK_COLUMNS "id, name, url, sealed, key_version, status, revision, created_at, updated_at"

Webhook read_webhook(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .url = row.get<std::string>("url"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .status = store::status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<> check_untold(db::Transaction& tx, std::string_view id) {
  const auto rows =
      tx.exec("SELECT name FROM alert_rules WHERE status <> 'deleted' AND $1 = ANY(webhook_ids) LIMIT 1", id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return {};
  return fail(ErrorCode::kFailedPrecondition,
              fmt::format("the alert rule {} tells this webhook: take it from the rule first",
                          rows->front().get<std::string>("name")));
}

}  // namespace

Result<Webhook> insert_webhook(db::Transaction& tx, const Webhook& webhook) {
  if (auto fine = store::check_writable(webhook.status); !fine) return std::unexpected(fine.error());
  const auto rows = tx.exec(
      "INSERT INTO alert_webhooks (id, name, url, sealed, key_version, status) VALUES ($1, $2, $3, $4, $5, $6) "
      "RETURNING " SLUICE_WEBHOOK_COLUMNS,
      webhook.id, webhook.name, webhook.url, db::Bytes{webhook.sealed}, webhook.key_version, name(webhook.status));
  return store::one(rows, read_webhook, [&] { return store::not_found("webhook", webhook.id); });
}

Result<Webhook> get_webhook(db::Transaction& tx, std::string_view id) {
  const auto rows = tx.exec("SELECT " SLUICE_WEBHOOK_COLUMNS " FROM alert_webhooks WHERE id = $1", id);
  return store::one(rows, read_webhook, [&] { return store::not_found("webhook", id); });
}

Result<store::Page<Webhook>> list_webhooks(db::Transaction& tx, const store::PageRequest& page) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows = tx.exec("SELECT " SLUICE_WEBHOOK_COLUMNS " FROM alert_webhooks WHERE " SLUICE_KEYSET(
                                "created_at") "AND status <> 'deleted' " SLUICE_KEYSET_ORDER("created_at"),
                            store::time_of(*position), store::id_of(*position), store::page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Webhook>(*rows, store::page_size(page), read_webhook, store::position_by_created_at<Webhook>);
}

Result<Webhook> update_webhook(db::Transaction& tx, const Webhook& webhook) {
  if (auto fine = store::check_writable(webhook.status); !fine) return std::unexpected(fine.error());
  const auto rows = tx.exec(
      "UPDATE alert_webhooks SET name = $3, url = $4, sealed = $5, key_version = $6, status = $7, "
      "revision = revision + 1, updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_WEBHOOK_COLUMNS,
      webhook.id, webhook.revision, webhook.name, webhook.url, db::Bytes{webhook.sealed}, webhook.key_version,
      name(webhook.status));
  return store::one(rows, read_webhook,
                    [&] { return store::why_unchanged(tx, "alert_webhooks", "webhook", webhook.id); });
}

Result<Webhook> delete_webhook(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  const auto rows = tx.exec(
      "UPDATE alert_webhooks SET status = 'deleted', sealed = '', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
      "RETURNING " SLUICE_WEBHOOK_COLUMNS,
      id, revision);
  auto webhook =
      store::one(rows, read_webhook, [&] { return store::why_unchanged(tx, "alert_webhooks", "webhook", id); });
  if (!webhook) return webhook;
  if (auto fine = check_untold(tx, id); !fine) return std::unexpected(fine.error());
  return webhook;
}

}  // namespace sluice::alerts
