#include "controlplane/store/oauth_clients.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_OAUTH_CLIENT_COLUMNS                                                                              \
  "id, name, authorize_url, token_url, redirect_url, client_id, sealed, key_version, scopes, authorize_params, " \
  "token_format, google_kind, code_assist_url, projects_url, drive_url, status, revision, created_at, updated_at"

OAuthClient read_client(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .authorize_url = row.get<std::string>("authorize_url"),
          .token_url = row.get<std::string>("token_url"),
          .redirect_url = row.get<std::string>("redirect_url"),
          .client_id = row.get<std::string>("client_id"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .scopes = row.get<std::vector<std::string>>("scopes"),
          .authorize_params = row.get<std::vector<std::string>>("authorize_params"),
          .token_format = row.get<std::string>("token_format"),
          .google_kind = row.get<std::string>("google_kind"),
          .code_assist_url = row.get<std::string>("code_assist_url"),
          .projects_url = row.get<std::string>("projects_url"),
          .drive_url = row.get<std::string>("drive_url"),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

}  // namespace

Result<OAuthClient> insert_oauth_client(db::Transaction& tx, const OAuthClient& client) {
  if (auto ok = check_writable(client.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO oauth_clients (id, name, authorize_url, token_url, redirect_url, client_id, sealed, key_version, "
      "scopes, authorize_params, token_format, google_kind, code_assist_url, projects_url, drive_url, status) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
      "RETURNING " SLUICE_OAUTH_CLIENT_COLUMNS,
      client.id, client.name, client.authorize_url, client.token_url, client.redirect_url, client.client_id,
      db::Bytes{client.sealed}, client.key_version, client.scopes, client.authorize_params, client.token_format,
      client.google_kind, client.code_assist_url, client.projects_url, client.drive_url, name(client.status));
  return one(rows, read_client, [&] { return not_found("OAuth client", client.id); });
}

Result<OAuthClient> get_oauth_client(db::Transaction& tx, std::string_view id) {
  return one(tx.exec("SELECT " SLUICE_OAUTH_CLIENT_COLUMNS " FROM oauth_clients WHERE id = $1", id), read_client,
             [&] { return not_found("OAuth client", id); });
}

Result<Page<OAuthClient>> list_oauth_clients(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_OAUTH_CLIENT_COLUMNS " FROM oauth_clients WHERE " SLUICE_KEYSET(
                          "created_at") "AND status <> 'deleted' " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<OAuthClient>(*rows, page_size(page), read_client, position_by_created_at<OAuthClient>);
}

Result<OAuthClient> update_oauth_client(db::Transaction& tx, const OAuthClient& client) {
  if (auto ok = check_writable(client.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE oauth_clients SET name = $3, authorize_url = $4, token_url = $5, redirect_url = $6, client_id = $7, "
      "sealed = $8, key_version = $9, scopes = $10, authorize_params = $11, token_format = $12, google_kind = $13, "
      "code_assist_url = $14, projects_url = $15, drive_url = $16, status = $17, revision = revision + 1, "
      "updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_OAUTH_CLIENT_COLUMNS,
      client.id, client.revision, client.name, client.authorize_url, client.token_url, client.redirect_url,
      client.client_id, db::Bytes{client.sealed}, client.key_version, client.scopes, client.authorize_params,
      client.token_format, client.google_kind, client.code_assist_url, client.projects_url, client.drive_url,
      name(client.status));
  return one(rows, read_client, [&] { return why_unchanged(tx, "oauth_clients", "OAuth client", client.id); });
}

Result<OAuthClient> delete_oauth_client(db::Transaction& tx, std::string_view id,
                                        std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE oauth_clients SET status = 'deleted', sealed = '', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
      "RETURNING " SLUICE_OAUTH_CLIENT_COLUMNS,
      id, revision);
  auto client = one(rows, read_client, [&] { return why_unchanged(tx, "oauth_clients", "OAuth client", id); });
  if (!client) return client;
  auto users = tx.exec(
      "SELECT a.name FROM oauth_grants g JOIN accounts a ON a.id = g.account_id WHERE g.client_id = $1 "
      "AND a.status <> 'deleted' ORDER BY a.name LIMIT 1",
      id);
  if (!users) return std::unexpected(users.error());
  if (users->empty()) return client;
  return fail(ErrorCode::kFailedPrecondition, "accounts are logged in through this OAuth client, for example " +
                                                  users->front().get<std::string>("name") +
                                                  ": log them in through another one first");
}

}  // namespace sluice::store
