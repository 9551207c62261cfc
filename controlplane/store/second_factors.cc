#include "controlplane/store/second_factors.h"

namespace sluice::store {

Result<std::optional<Totp>> find_totp(db::Transaction& tx, std::string_view user_id) {
  auto rows = tx.exec("SELECT sealed, key_version, confirmed_at FROM user_totp WHERE user_id = $1", user_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  const db::Row row = rows->front();
  return Totp{.user_id = std::string(user_id),
              .sealed = row.get<db::Bytes>("sealed").value,
              .key_version = static_cast<std::uint32_t>(row.get<std::int32_t>("key_version")),
              .confirmed_at = row.get<std::optional<SystemTime>>("confirmed_at")};
}

Result<> put_totp(db::Transaction& tx, const Totp& totp) {
  auto rows = tx.exec(
      "INSERT INTO user_totp AS t (user_id, sealed, key_version) VALUES ($1, $2, $3) ON CONFLICT (user_id) DO UPDATE "
      "SET sealed = excluded.sealed, key_version = excluded.key_version, last_step = 0 WHERE t.confirmed_at IS NULL "
      "RETURNING user_id",
      totp.user_id, db::Bytes{totp.sealed}, static_cast<std::int64_t>(totp.key_version));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) {
    return fail(ErrorCode::kFailedPrecondition, "a second factor is in use: end it before you begin another");
  }
  return {};
}

Result<bool> use_totp_step(db::Transaction& tx, std::string_view user_id, std::int64_t step) {
  auto done = tx.exec("UPDATE user_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2", user_id, step);
  if (!done) return std::unexpected(done.error());
  return done->affected() == 1;
}

Result<> confirm_totp(db::Transaction& tx, std::string_view user_id, SystemTime at) {
  auto done = tx.exec("UPDATE user_totp SET confirmed_at = COALESCE(confirmed_at, $2) WHERE user_id = $1", user_id, at);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> delete_second_factor(db::Transaction& tx, std::string_view user_id) {
  auto codes = tx.exec("DELETE FROM recovery_codes WHERE user_id = $1", user_id);
  if (!codes) return std::unexpected(codes.error());
  auto totp = tx.exec("DELETE FROM user_totp WHERE user_id = $1", user_id);
  if (!totp) return std::unexpected(totp.error());
  return {};
}

Result<> replace_recovery_codes(db::Transaction& tx, std::string_view user_id, const std::vector<std::string>& hashes) {
  auto gone = tx.exec("DELETE FROM recovery_codes WHERE user_id = $1", user_id);
  if (!gone) return std::unexpected(gone.error());
  auto done = tx.exec("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::text[])", user_id, hashes);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<bool> use_recovery_code(db::Transaction& tx, std::string_view user_id, std::string_view hash, SystemTime at) {
  auto done =
      tx.exec("UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
              user_id, hash, at);
  if (!done) return std::unexpected(done.error());
  return done->affected() == 1;
}

Result<std::int32_t> count_recovery_codes(db::Transaction& tx, std::string_view user_id) {
  auto rows = tx.exec("SELECT count(*)::int AS n FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL", user_id);
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<std::int32_t>("n");
}

}  // namespace sluice::store
