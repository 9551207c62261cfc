#include "controlplane/store/oidc_logins.h"

#include <optional>

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_OIDC_LOGIN_COLUMNS                                                                                     \
  "id, state_hash, binding_hash, provider_id, purpose, COALESCE(user_id::text, '') AS user_id, redirect_url, stage, " \
  "sealed, key_version, created_at, expires_at"
// $1 to $5; stage last.
#define SLUICE_OIDC_RETURNED \
  "state_hash = $1 AND binding_hash = $2 AND purpose = $3 AND COALESCE(user_id::text, '') = $4 AND expires_at > $5 "

std::string_view name(OidcPurpose purpose) {
  return purpose == OidcPurpose::kLink ? "link" : "sign_in";
}

OidcLogin read_login(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .state_hash = row.get<std::string>("state_hash"),
          .binding_hash = row.get<std::string>("binding_hash"),
          .provider_id = row.get<std::string>("provider_id"),
          .purpose = row.get<std::string>("purpose") == "link" ? OidcPurpose::kLink : OidcPurpose::kSignIn,
          .user_id = row.get<std::string>("user_id"),
          .redirect_url = row.get<std::string>("redirect_url"),
          .verified = row.get<std::string>("stage") == "verified",
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .created_at = row.get<SystemTime>("created_at"),
          .expires_at = row.get<SystemTime>("expires_at")};
}

std::unexpected<Error> no_login() {
  return fail(ErrorCode::kNotFound, "this sign-in is unknown, was finished already, or took too long: start a new one");
}

}  // namespace

Result<> insert_oidc_login(db::Transaction& tx, const OidcLogin& login) {
  auto rows = tx.exec(
      "INSERT INTO oidc_logins (id, state_hash, binding_hash, provider_id, purpose, user_id, redirect_url, stage, "
      "sealed, key_version, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, NULLIF($6, '')::uuid, $7, 'begun', $8, "
      "$9, $10, $11)",
      login.id, login.state_hash, login.binding_hash, login.provider_id, name(login.purpose), login.user_id,
      login.redirect_url, db::Bytes{login.sealed}, login.key_version, login.created_at, login.expires_at);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

Result<OidcLogin> take_oidc_login(db::Transaction& tx, const OidcReturn& returned, SystemTime now) {
  return one(tx.exec("UPDATE oidc_logins SET stage = 'asked' WHERE " SLUICE_OIDC_RETURNED
                     "AND stage = 'begun' RETURNING " SLUICE_OIDC_LOGIN_COLUMNS,
                     returned.state_hash, returned.binding_hash, name(returned.purpose), returned.user_id, now),
             read_login, no_login);
}

Result<> keep_oidc_word(db::Transaction& tx, std::string_view id, std::string_view sealed, std::int32_t key_version) {
  auto done = tx.exec(
      "UPDATE oidc_logins SET stage = 'verified', sealed = $2, key_version = $3 WHERE id = $1 AND stage = 'asked' "
      "RETURNING id",
      id, db::Bytes{std::string(sealed)}, key_version);
  if (!done) return std::unexpected(done.error());
  if (done->empty()) return no_login();
  return {};
}

Result<OidcLogin> get_verified_oidc_login(db::Transaction& tx, const OidcReturn& returned, SystemTime now) {
  return one(tx.exec("SELECT " SLUICE_OIDC_LOGIN_COLUMNS " FROM oidc_logins WHERE " SLUICE_OIDC_RETURNED
                     "AND stage = 'verified'",
                     returned.state_hash, returned.binding_hash, name(returned.purpose), returned.user_id, now),
             read_login, no_login);
}

Result<> end_verified_oidc_login(db::Transaction& tx, std::string_view id) {
  auto done = tx.exec("DELETE FROM oidc_logins WHERE id = $1 AND stage = 'verified' RETURNING id", id);
  if (!done) return std::unexpected(done.error());
  if (done->empty()) return no_login();
  return {};
}

Result<> drop_oidc_login(db::Transaction& tx, std::string_view id) {
  auto done = tx.exec("DELETE FROM oidc_logins WHERE id = $1", id);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> drop_oidc_logins(db::Transaction& tx, SystemTime now, int limit) {
  auto done = tx.exec(
      "DELETE FROM oidc_logins WHERE id IN (SELECT id FROM oidc_logins WHERE expires_at < $1 LIMIT $2 "
      "FOR UPDATE SKIP LOCKED)",
      now, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::store
