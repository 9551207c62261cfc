#include "controlplane/store/login_attempts.h"

#include <algorithm>

namespace sluice::store {

Result<std::optional<std::chrono::seconds>> take_attempt(db::Transaction& tx, std::string_view key,
                                                         const AttemptLimit& limit, SystemTime now) {
  const SystemTime latest = now + limit.per_one * (limit.burst - 1);
  auto taken = tx.exec(
      "INSERT INTO login_attempts AS a (key, empty_at) VALUES ($1, $2::timestamptz + $3 * interval '1 second') "
      "ON CONFLICT (key) DO UPDATE SET empty_at = GREATEST(a.empty_at, $2) + $3 * interval '1 second' "
      "WHERE a.empty_at <= $4 RETURNING key",
      key, now, limit.per_one.count(), latest);
  if (!taken) return std::unexpected(taken.error());
  if (!taken->empty()) return std::nullopt;
  auto rows = tx.exec("SELECT empty_at FROM login_attempts WHERE key = $1", key);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::chrono::seconds(1);
  const auto wait = std::chrono::ceil<std::chrono::seconds>(rows->front().get<SystemTime>("empty_at") - latest);
  return std::max(wait, std::chrono::seconds(1));
}

Result<> give_attempt_back(db::Transaction& tx, std::string_view key, const AttemptLimit& limit) {
  auto done = tx.exec("UPDATE login_attempts SET empty_at = empty_at - $2 * interval '1 second' WHERE key = $1", key,
                      limit.per_one.count());
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> drop_login_attempts(db::Transaction& tx, SystemTime now, int limit) {
  auto done = tx.exec(
      "DELETE FROM login_attempts WHERE key IN (SELECT key FROM login_attempts WHERE empty_at < $1 LIMIT $2 "
      "FOR UPDATE SKIP LOCKED)",
      now, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::store
