#include "controlplane/store/user_passwords.h"

#include "controlplane/store/email_tokens.h"

namespace sluice::store {

Result<std::string> get_password_hash(db::Transaction& tx, std::string_view user_id) {
  auto rows = tx.exec("SELECT hash FROM user_passwords WHERE user_id = $1 FOR SHARE", user_id);
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::string() : rows->front().get<std::string>("hash");
}

Result<> set_password_hash(db::Transaction& tx, std::string_view user_id, std::string_view hash, SystemTime at) {
  auto done = tx.exec(
      "INSERT INTO user_passwords (user_id, hash, changed_at) VALUES ($1, $2, $3) "
      "ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
      user_id, hash, at);
  if (!done) return std::unexpected(done.error());
  // Links to set another one were sent for the password before.
  return drop_email_tokens_of(tx, user_id, "reset");
}

}  // namespace sluice::store
