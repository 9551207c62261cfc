#include "controlplane/store/oauth_logins.h"

#include <chrono>

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_TAKE_LOGIN(column)                                                                           \
  "UPDATE oauth_logins SET used_at = $2 WHERE " column                                                      \
  " = $1 AND used_at IS NULL AND expires_at > $2 RETURNING id, state_hash, client_id, account_id, sealed, " \
  "key_version, actor, expires_at"

OAuthLogin read_login(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .state_hash = row.get<std::string>("state_hash"),
          .client_id = row.get<std::string>("client_id"),
          .account_id = row.get<std::string>("account_id"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .actor = row.get<std::string>("actor"),
          .expires_at = row.get<SystemTime>("expires_at")};
}

std::unexpected<Error> no_login() {
  return fail(ErrorCode::kNotFound, "this login is unknown, was finished already, or took too long: start a new one");
}

}  // namespace

Result<> insert_oauth_login(db::Transaction& tx, const OAuthLogin& login, SystemTime now) {
  auto dropped = tx.exec("DELETE FROM oauth_logins WHERE expires_at < $1", now - std::chrono::days(1));
  if (!dropped) return std::unexpected(dropped.error());
  auto rows = tx.exec(
      "INSERT INTO oauth_logins (id, state_hash, client_id, account_id, sealed, key_version, actor, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      login.id, login.state_hash, login.client_id, login.account_id, db::Bytes{login.sealed}, login.key_version,
      login.actor, login.expires_at);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

Result<OAuthLogin> take_oauth_login(db::Transaction& tx, std::string_view state_hash, SystemTime now) {
  return one(tx.exec(SLUICE_TAKE_LOGIN("state_hash"), state_hash, now), read_login, no_login);
}

Result<OAuthLogin> take_oauth_login_by_id(db::Transaction& tx, std::string_view id, SystemTime now) {
  return one(tx.exec(SLUICE_TAKE_LOGIN("id"), id, now), read_login, no_login);
}

}  // namespace sluice::store
