#include "controlplane/store/email_tokens.h"

#include <optional>

#include "controlplane/store/row_access.h"

namespace sluice::store {

namespace {

#define SLUICE_EMAIL_TOKEN_COLUMNS                                                                                \
  "token_hash, purpose, email, COALESCE(user_id::text, '') AS user_id, password_hash, display_name, created_at, " \
  "expires_at"

EmailToken read_token(const db::Row& row) {
  return {.token_hash = row.get<std::string>("token_hash"),
          .purpose = row.get<std::string>("purpose"),
          .email = row.get<std::string>("email"),
          .user_id = row.get<std::string>("user_id"),
          .password_hash = row.get<std::string>("password_hash"),
          .display_name = row.get<std::string>("display_name"),
          .created_at = row.get<SystemTime>("created_at"),
          .expires_at = row.get<SystemTime>("expires_at")};
}

std::unexpected<Error> not_good() {
  return fail(ErrorCode::kNotFound, "the link is not good, was used, or is too old: ask for another one");
}

}  // namespace

Result<> insert_email_token(db::Transaction& tx, const EmailToken& token) {
  const std::optional<std::string> user = token.user_id.empty() ? std::nullopt : std::optional(token.user_id);
  const auto gone = tx.exec(
      "DELETE FROM email_tokens WHERE purpose = $1 AND CASE WHEN $2::uuid IS NULL "
      "THEN user_id IS NULL AND lower(email) = lower($3) ELSE user_id = $2 END",
      token.purpose, user, token.email);
  if (!gone) return std::unexpected(gone.error());
  const auto done = tx.exec(
      "INSERT INTO email_tokens (token_hash, purpose, email, user_id, password_hash, display_name, created_at, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      token.token_hash, token.purpose, token.email, user, token.password_hash, token.display_name, token.created_at,
      token.expires_at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<EmailToken> find_email_token(db::Transaction& tx, std::string_view token_hash, std::string_view purpose,
                                    SystemTime now) {
  return one(tx.exec("SELECT " SLUICE_EMAIL_TOKEN_COLUMNS
                     " FROM email_tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3",
                     token_hash, purpose, now),
             read_token, not_good);
}

Result<EmailToken> use_email_token(db::Transaction& tx, std::string_view token_hash, std::string_view purpose,
                                   SystemTime now) {
  return one(tx.exec("DELETE FROM email_tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 "
                     "RETURNING " SLUICE_EMAIL_TOKEN_COLUMNS,
                     token_hash, purpose, now),
             read_token, not_good);
}

Result<> drop_email_tokens_of(db::Transaction& tx, std::string_view user_id, std::string_view purpose) {
  const auto done = tx.exec("DELETE FROM email_tokens WHERE user_id = $1 AND purpose = $2", user_id, purpose);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> drop_email_tokens(db::Transaction& tx, SystemTime before, int limit) {
  const auto done = tx.exec(
      "DELETE FROM email_tokens WHERE token_hash IN (SELECT token_hash FROM email_tokens WHERE expires_at < $1 "
      "LIMIT $2)",
      before, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::store
