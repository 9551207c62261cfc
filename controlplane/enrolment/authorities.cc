#include "controlplane/enrolment/authorities.h"

#include <optional>

#include "common/base/uuid.h"
#include "controlplane/store/row_access.h"

namespace sluice::enrolment {

namespace {

#define SLUICE_AUTHORITY_COLUMNS "id, state, certificate_pem, sealed, created_at, expires_at"

constexpr std::chrono::hours kLife{24 * 365 * 10};
// Clocks of machines differ a little.
constexpr std::chrono::minutes kEarlier{5};

AuthorityState state_of(const std::string& word) {
  if (word == "active") return AuthorityState::kActive;
  return word == "trusted" ? AuthorityState::kTrusted : AuthorityState::kRetired;
}

AuthorityRow read_authority(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .state = state_of(row.get<std::string>("state")),
          .certificate_pem = row.get<std::string>("certificate_pem"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .created_at = row.get<SystemTime>("created_at"),
          .expires_at = row.get<SystemTime>("expires_at")};
}

std::string context_of(std::string_view id) {
  return "certificate_authorities|" + std::string(id) + "|sealed";
}

// Two replicas that start at once make one authority; two people who change the set do it one after the other.
Result<> lock_set(db::Transaction& tx) {
  const auto locked = tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('certificate_authorities', 0))");
  return locked ? Result<>() : std::unexpected(locked.error());
}

Result<std::optional<AuthorityRow>> find_active(db::Transaction& tx) {
  const auto rows = tx.exec("SELECT " SLUICE_AUTHORITY_COLUMNS " FROM certificate_authorities WHERE state = 'active'");
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return read_authority(rows->front());
}

Result<AuthorityRow> lock_authority(db::Transaction& tx, std::string_view id) {
  if (Result<> locked = lock_set(tx); !locked) return std::unexpected(locked.error());
  const auto rows = tx.exec("SELECT " SLUICE_AUTHORITY_COLUMNS " FROM certificate_authorities WHERE id = $1", id);
  return store::one(rows, read_authority, [&] { return store::not_found("certificate authority", id); });
}

Result<> set_state(db::Transaction& tx, std::string_view id, std::string_view state) {
  const auto set = tx.exec("UPDATE certificate_authorities SET state = $2 WHERE id = $1", id, state);
  return set ? Result<>() : std::unexpected(set.error());
}

Result<AuthorityRow> insert(db::Transaction& tx, const crypto::Vault& vault, SystemTime now, std::string_view state) {
  const std::string id = Uuid::generate(now).to_string();
  const pki::Validity validity{.from = now - kEarlier, .to = now + kLife};
  const auto made = pki::make_authority("Sluice fleet CA " + id, validity);
  if (!made) return std::unexpected(made.error());
  const auto rows = tx.exec(
      "INSERT INTO certificate_authorities (id, state, certificate_pem, sealed, key_version, created_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " SLUICE_AUTHORITY_COLUMNS,
      id, state, made->certificate_pem, db::Bytes{vault.seal(context_of(id), made->key_pem)},
      static_cast<std::int32_t>(vault.newest_version()), now, validity.to);
  return store::one(rows, read_authority, [&] { return store::not_found("certificate authority", id); });
}

}  // namespace

Result<AuthorityRow> signing_authority(db::Transaction& tx, const crypto::Vault& vault, SystemTime now) {
  auto found = find_active(tx);
  if (!found) return std::unexpected(found.error());
  if (*found) return std::move(**found);
  if (Result<> locked = lock_set(tx); !locked) return std::unexpected(locked.error());
  found = find_active(tx);
  if (!found) return std::unexpected(found.error());
  if (*found) return std::move(**found);
  return insert(tx, vault, now, "active");
}

Result<std::vector<AuthorityRow>> believed_authorities(db::Transaction& tx) {
  const auto rows = tx.exec("SELECT " SLUICE_AUTHORITY_COLUMNS
                            " FROM certificate_authorities WHERE state <> 'retired' ORDER BY created_at, id");
  if (!rows) return std::unexpected(rows.error());
  std::vector<AuthorityRow> out;
  for (const db::Row row : *rows)
    out.push_back(read_authority(row));
  return out;
}

Result<AuthorityRow> make_authority(db::Transaction& tx, const crypto::Vault& vault, SystemTime now) {
  return insert(tx, vault, now, "trusted");
}

Result<AuthorityRow> activate_authority(db::Transaction& tx, std::string_view id) {
  auto row = lock_authority(tx, id);
  if (!row) return row;
  if (row->state == AuthorityState::kRetired) {
    return fail(ErrorCode::kFailedPrecondition, "this certificate authority is retired: make a new one");
  }
  const auto before = tx.exec("UPDATE certificate_authorities SET state = 'trusted' WHERE state = 'active'");
  if (!before) return std::unexpected(before.error());
  if (Result<> set = set_state(tx, id, "active"); !set) return std::unexpected(set.error());
  row->state = AuthorityState::kActive;
  return row;
}

Result<> retire_authority(db::Transaction& tx, std::string_view id, SystemTime now) {
  const auto row = lock_authority(tx, id);
  if (!row) return std::unexpected(row.error());
  if (row->state == AuthorityState::kActive) {
    return fail(ErrorCode::kFailedPrecondition, "this certificate authority signs: activate another one first");
  }
  const auto revoked =
      tx.exec("UPDATE node_certificates SET revoked_at = $2 WHERE authority_id = $1 AND revoked_at IS NULL", id, now);
  if (!revoked) return std::unexpected(revoked.error());
  return set_state(tx, id, "retired");
}

Result<pki::Authority> open_authority(const AuthorityRow& row, const crypto::Vault& vault) {
  auto key = vault.open(context_of(row.id), row.sealed);
  if (!key) return fail("the key of the certificate authority", key.error());
  return pki::Authority{.certificate_pem = row.certificate_pem, .key_pem = std::move(*key)};
}

std::string bundle_of(const std::vector<AuthorityRow>& rows) {
  std::string out;
  for (const AuthorityRow& row : rows)
    out += row.certificate_pem;
  return out;
}

}  // namespace sluice::enrolment
