#include "controlplane/store/admin_tokens.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_ADMIN_TOKEN_COLUMNS \
  "id, user_id, name, token_hash, last4, expires_at, revoked_at, last_used_at, created_at, scopes"

constexpr db::Statement kFind{"find_admin_token",
                              "SELECT " SLUICE_ADMIN_TOKEN_COLUMNS " FROM admin_tokens WHERE token_hash = $1"};

AdminToken read_admin_token(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .user_id = row.get<std::string>("user_id"),
          .name = row.get<std::string>("name"),
          .token_hash = row.get<db::Bytes>("token_hash").value,
          .last4 = row.get<std::string>("last4"),
          .expires_at = row.get<std::optional<SystemTime>>("expires_at"),
          .revoked_at = row.get<std::optional<SystemTime>>("revoked_at"),
          .last_used_at = row.get<std::optional<SystemTime>>("last_used_at"),
          .created_at = row.get<SystemTime>("created_at"),
          .scopes = row.get<std::optional<std::vector<std::string>>>("scopes")};
}

}  // namespace

Result<AdminToken> insert_admin_token(db::Transaction& tx, const AdminToken& token) {
  // The lock keeps a concurrent delete_user() from missing this token.
  auto user = tx.exec("SELECT id FROM users WHERE id = $1 AND status <> 'deleted' FOR SHARE", token.user_id);
  if (!user) return std::unexpected(user.error());
  if (user->empty()) return fail(ErrorCode::kFailedPrecondition, "there is no user with the id " + token.user_id);
  auto rows = tx.exec(
      "INSERT INTO admin_tokens (id, user_id, name, token_hash, last4, expires_at, scopes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) "
      "RETURNING " SLUICE_ADMIN_TOKEN_COLUMNS,
      token.id, token.user_id, token.name, db::Bytes{token.token_hash}, token.last4, token.expires_at, token.scopes);
  return one(rows, read_admin_token, [&] { return not_found("admin token", token.id); });
}

Result<AdminToken> get_admin_token(db::Transaction& tx, std::string_view id) {
  auto rows = tx.exec("SELECT " SLUICE_ADMIN_TOKEN_COLUMNS " FROM admin_tokens WHERE id = $1", id);
  return one(rows, read_admin_token, [&] { return not_found("admin token", id); });
}

Result<AdminToken> find_admin_token(db::Transaction& tx, std::string_view token_hash) {
  auto rows = tx.exec(kFind, db::Bytes{std::string(token_hash)});
  return one(rows, read_admin_token, [] { return fail(ErrorCode::kNotFound, "no such admin token"); });
}

Result<Page<AdminToken>> list_admin_tokens(db::Transaction& tx, const PageRequest& page,
                                           const AdminTokenFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows =
      tx.exec(
          "SELECT " SLUICE_ADMIN_TOKEN_COLUMNS " FROM admin_tokens WHERE " SLUICE_KEYSET(
              "created_at") "AND ($4 OR revoked_at IS NULL) AND ($5::uuid IS NULL OR user_id = "
                            "$5) " SLUICE_KEYSET_ORDER("created_at"),
          time_of(*position), id_of(*position), page_size(page) + 1, filter.include_revoked, filter.user_id);
  if (!rows) return std::unexpected(rows.error());
  return make_page<AdminToken>(*rows, page_size(page), read_admin_token, position_by_created_at<AdminToken>);
}

Result<AdminToken> revoke_admin_token(db::Transaction& tx, std::string_view id, SystemTime at) {
  auto rows = tx.exec(
      "UPDATE admin_tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1 "
      "RETURNING " SLUICE_ADMIN_TOKEN_COLUMNS,
      id, at);
  return one(rows, read_admin_token, [&] { return not_found("admin token", id); });
}

Result<> note_admin_token_used(db::Transaction& tx, std::string_view id, SystemTime at) {
  auto done =
      tx.exec("UPDATE admin_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
              id, at);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::store
