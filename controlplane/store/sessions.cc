#include "controlplane/store/sessions.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_SESSION_COLUMNS                                                                          \
  "id, user_id, token_hash, second_factor, network, user_agent, created_at, last_seen_at, expires_at, " \
  "revoked_at"

constexpr db::Statement kFind{"find_session", "SELECT " SLUICE_SESSION_COLUMNS " FROM sessions WHERE token_hash = $1"};

Session read_session(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .user_id = row.get<std::string>("user_id"),
          .token_hash = row.get<std::string>("token_hash"),
          .second_factor = row.get<bool>("second_factor"),
          .network = row.get<std::string>("network"),
          .user_agent = row.get<std::string>("user_agent"),
          .created_at = row.get<SystemTime>("created_at"),
          .last_seen_at = row.get<SystemTime>("last_seen_at"),
          .expires_at = row.get<SystemTime>("expires_at"),
          .revoked_at = row.get<std::optional<SystemTime>>("revoked_at")};
}

}  // namespace

Result<> insert_session(db::Transaction& tx, const Session& session) {
  auto done = tx.exec(
      "INSERT INTO sessions (id, user_id, token_hash, second_factor, network, user_agent, created_at, last_seen_at, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      session.id, session.user_id, session.token_hash, session.second_factor, session.network, session.user_agent,
      session.created_at, session.last_seen_at, session.expires_at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<Session> find_session_row(db::Transaction& tx, std::string_view token_hash) {
  auto rows = tx.exec(kFind, token_hash);
  return one(rows, read_session, [] { return fail(ErrorCode::kNotFound, "no such session"); });
}

Result<Session> get_session(db::Transaction& tx, std::string_view id) {
  auto rows = tx.exec("SELECT " SLUICE_SESSION_COLUMNS " FROM sessions WHERE id = $1", id);
  return one(rows, read_session, [&] { return not_found("session", id); });
}

Result<Page<Session>> list_sessions(db::Transaction& tx, const PageRequest& page, std::string_view user_id,
                                    SystemTime now, SystemTime seen_after) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_SESSION_COLUMNS " FROM sessions WHERE " SLUICE_KEYSET(
                          "created_at") "AND user_id = $4 AND revoked_at IS NULL AND expires_at > $5 AND last_seen_at "
                                        "> $6 " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, user_id, now, seen_after);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Session>(*rows, page_size(page), read_session, position_by_created_at<Session>);
}

Result<> note_session_seen(db::Transaction& tx, std::string_view id, SystemTime now, SystemTime older_than) {
  auto done = tx.exec(
      "UPDATE sessions SET last_seen_at = $2 WHERE id = (SELECT id FROM sessions WHERE id = $1 AND last_seen_at < $3 "
      "FOR NO KEY UPDATE SKIP LOCKED)",
      id, now, older_than);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> revoke_session(db::Transaction& tx, std::string_view id, SystemTime at) {
  auto done = tx.exec("UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> revoke_sessions(db::Transaction& tx, std::string_view user_id, std::string_view but,
                                     SystemTime at) {
  auto done =
      tx.exec("UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND revoked_at IS NULL AND id::text <> $2",
              user_id, but, at);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

Result<bool> knows_network(db::Transaction& tx, std::string_view user_id, std::string_view network, SystemTime since) {
  auto rows = tx.exec(
      "SELECT 1 FROM sessions WHERE user_id = $1 AND network = $2 AND created_at > $3 AND revoked_at IS NULL LIMIT 1",
      user_id, network, since);
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty();
}

Result<std::int64_t> drop_sessions(db::Transaction& tx, SystemTime before, int limit) {
  auto done = tx.exec(
      "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 "
      "FOR UPDATE SKIP LOCKED)",
      before, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::store
