#include "controlplane/store/idempotency_keys.h"

namespace sluice::store {

Result<std::optional<IdempotencyKey>> take_idempotency_key(db::Transaction& tx, const IdempotencyKey& key,
                                                           SystemTime now) {
  // One that is over is taken over in place: the job that drops them may be late.
  auto taken = tx.exec(
      "INSERT INTO idempotency_keys AS k (id, actor, key, request_sha256, created_at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (actor, key) DO UPDATE SET id = $1, request_sha256 = $4, created_at = $5, sealed = '', "
      "key_version = 0 WHERE k.created_at < $6 RETURNING id",
      key.id, key.actor, key.key, db::Bytes{key.request_sha256}, now, now - kIdempotencyKept);
  if (!taken) return std::unexpected(taken.error());
  if (!taken->empty()) return std::optional<IdempotencyKey>();
  auto rows = tx.exec("SELECT id, request_sha256, sealed FROM idempotency_keys WHERE actor = $1 AND key = $2",
                      key.actor, key.key);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return fail(ErrorCode::kUnavailable, "the idempotency key has just ended: try again");
  const db::Row row = (*rows)[0];
  return IdempotencyKey{.id = row.get<std::string>("id"),
                        .actor = key.actor,
                        .key = key.key,
                        .request_sha256 = row.get<db::Bytes>("request_sha256").value,
                        .sealed = row.get<db::Bytes>("sealed").value};
}

Result<> keep_idempotent_answer(db::Transaction& tx, std::string_view id, const std::string& sealed,
                                std::uint32_t key_version) {
  auto done = tx.exec("UPDATE idempotency_keys SET sealed = $2, key_version = $3 WHERE id = $1", id, db::Bytes{sealed},
                      static_cast<std::int64_t>(key_version));
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::int64_t> drop_idempotency_keys(db::Transaction& tx, SystemTime now, int limit) {
  auto done = tx.exec(
      "DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys WHERE created_at < $1 LIMIT $2 "
      "FOR UPDATE SKIP LOCKED)",
      now - kIdempotencyKept, limit);
  if (!done) return std::unexpected(done.error());
  return static_cast<std::int64_t>(done->affected());
}

}  // namespace sluice::store
