#include "controlplane/enrolment/tokens.h"

#include "common/base/random.h"
#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/enrolment/node_certificates.h"

namespace sluice::enrolment {

namespace {

constexpr std::size_t kRandomLength = 43;  // base62: 256 bits
constexpr std::size_t kMaxNodeId = 64;     // of a common name in a certificate
constexpr std::chrono::hours kKept{24 * 30};

std::unexpected<Error> refused(const char* why) {
  return fail(ErrorCode::kPermissionDenied, why);
}

}  // namespace

Result<> check_node_id(std::string_view node_id) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (!node_id.empty() && node_id.size() <= kMaxNodeId &&
      node_id.find_first_not_of(kAllowed) == std::string_view::npos) {
    return {};
  }
  return fail(ErrorCode::kInvalidArgument, "node_id: must be 1 to 64 letters, digits, dots, hyphens and underscores");
}

Result<NewToken> make_token(db::Transaction& tx, std::string_view node_id, std::chrono::seconds life, SystemTime now) {
  NewToken made{.id = Uuid::generate(now).to_string(),
                .token = Secret("sluice-enrol-" + random_base62(kRandomLength)),
                .expires_at = now + life};
  const auto old = tx.exec("DELETE FROM enrolment_tokens WHERE expires_at < $1", now - kKept);
  if (!old) return std::unexpected(old.error());
  const auto inserted = tx.exec(
      "INSERT INTO enrolment_tokens (id, node_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
      made.id, node_id, crypto::token_hash(made.token.reveal()), now, made.expires_at);
  if (!inserted) return std::unexpected(inserted.error());
  return made;
}

Result<> use_token(db::Transaction& tx, std::string_view token, std::string_view node_id, std::string_view key,
                   SystemTime now) {
  if (Result<> locked = lock_node(tx, node_id); !locked) return locked;
  const auto rows = tx.exec(
      "SELECT id, node_id, expires_at, used_key, revoked_at FROM enrolment_tokens WHERE token_hash = $1 FOR UPDATE",
      crypto::token_hash(token));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return refused("the enrolment token is unknown");
  const db::Row row = rows->front();
  if (row.get<std::string>("node_id") != node_id) return refused("the enrolment token is for another node id");
  if (!row.null("revoked_at")) return refused("the enrolment token was revoked");
  if (row.get<SystemTime>("expires_at") <= now) return refused("the enrolment token has expired: make a new one");
  const auto used_key = row.get<std::optional<std::string>>("used_key");
  if (used_key && *used_key != key) return refused("the enrolment token has been used: make a new one");
  const auto used = tx.exec("UPDATE enrolment_tokens SET used_at = $2, used_key = $3 WHERE id = $1",
                            row.get<std::string>("id"), now, key);
  return used ? Result<>() : std::unexpected(used.error());
}

Result<int> revoke_tokens(db::Transaction& tx, std::string_view node_id, SystemTime now) {
  // A used one, too: it would still answer its first key.
  const auto rows = tx.exec(
      "UPDATE enrolment_tokens SET revoked_at = $2 WHERE node_id = $1 AND revoked_at IS NULL AND expires_at > $2 "
      "RETURNING used_at",
      node_id, now);
  if (!rows) return std::unexpected(rows.error());
  int unused = 0;
  for (const db::Row row : *rows)
    unused += row.null("used_at") ? 1 : 0;
  return unused;
}

}  // namespace sluice::enrolment
