#include "controlplane/store/oidc_identities.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_OIDC_IDENTITY                                                                                       \
  "SELECT i.id, i.provider_id, i.subject, i.user_id, i.email, i.linked_by, i.created_at, i.last_used_at, p.slug, " \
  "p.display_name FROM oidc_identities i JOIN oidc_providers p ON p.id = i.provider_id "

OidcIdentity read_identity(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .provider_id = row.get<std::string>("provider_id"),
          .subject = row.get<std::string>("subject"),
          .user_id = row.get<std::string>("user_id"),
          .email = row.get<std::string>("email"),
          .linked_by = row.get<std::string>("linked_by"),
          .created_at = row.get<SystemTime>("created_at"),
          .last_used_at = row.get<SystemTime>("last_used_at"),
          .provider_slug = row.get<std::string>("slug"),
          .provider_name = row.get<std::string>("display_name")};
}

}  // namespace

Result<std::optional<OidcIdentity>> find_oidc_identity(db::Transaction& tx, std::string_view provider_id,
                                                       std::string_view subject) {
  auto rows =
      tx.exec(SLUICE_OIDC_IDENTITY "WHERE i.provider_id = $1 AND i.subject = $2 FOR UPDATE OF i", provider_id, subject);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return read_identity(rows->front());
}

Result<OidcIdentity> keep_oidc_identity(db::Transaction& tx, const OidcIdentity& identity) {
  auto written = tx.exec(
      "INSERT INTO oidc_identities (id, provider_id, subject, user_id, email, linked_by, created_at, last_used_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider_id, subject) DO UPDATE SET user_id = $4, "
      "email = $5, linked_by = $6, last_used_at = $8",
      identity.id, identity.provider_id, identity.subject, identity.user_id, identity.email, identity.linked_by,
      identity.created_at, identity.last_used_at);
  if (!written) return std::unexpected(written.error());
  return one(tx.exec(SLUICE_OIDC_IDENTITY "WHERE i.provider_id = $1 AND i.subject = $2", identity.provider_id,
                     identity.subject),
             read_identity, [&] { return not_found("identity", identity.id); });
}

Result<std::vector<OidcIdentity>> list_oidc_identities(db::Transaction& tx, std::string_view user_id) {
  auto rows = tx.exec(SLUICE_OIDC_IDENTITY
                      "WHERE i.user_id = $1 AND i.linked_by <> 'unlinked' ORDER BY i.created_at, i.id LIMIT 500",
                      user_id);
  if (!rows) return std::unexpected(rows.error());
  std::vector<OidcIdentity> all;
  for (const db::Row row : *rows)
    all.push_back(read_identity(row));
  return all;
}

Result<> lock_oidc_subject(db::Transaction& tx, std::string_view provider_id, std::string_view subject) {
  const auto locked =
      tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('oidc_subject:' || $1::text || ':' || $2::text, 0))",
              provider_id, subject);
  if (!locked) return std::unexpected(locked.error());
  return {};
}

Result<bool> has_oidc_identity(db::Transaction& tx, std::string_view provider_id, std::string_view user_id) {
  auto rows =
      tx.exec("SELECT id FROM oidc_identities WHERE provider_id = $1 AND user_id = $2 LIMIT 1", provider_id, user_id);
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty();
}

Result<OidcIdentity> unlink_oidc_identity(db::Transaction& tx, std::string_view id, std::string_view user_id) {
  auto identity = one(
      tx.exec(SLUICE_OIDC_IDENTITY "WHERE i.id = $1 AND i.user_id = $2 AND i.linked_by <> 'unlinked' FOR UPDATE OF i",
              id, user_id),
      read_identity, [&] { return not_found("identity", id); });
  if (!identity) return identity;
  if (auto gone = tx.exec("UPDATE oidc_identities SET linked_by = 'unlinked' WHERE id = $1", id); !gone) {
    return std::unexpected(gone.error());
  }
  return identity;
}

Result<OidcIdentity> forget_oidc_identity(db::Transaction& tx, std::string_view id, std::string_view user_id) {
  auto identity = one(tx.exec(SLUICE_OIDC_IDENTITY "WHERE i.id = $1 AND i.user_id = $2 FOR UPDATE OF i", id, user_id),
                      read_identity, [&] { return not_found("identity", id); });
  if (!identity) return identity;
  if (auto gone = tx.exec("DELETE FROM oidc_identities WHERE id = $1", id); !gone) {
    return std::unexpected(gone.error());
  }
  return identity;
}

}  // namespace sluice::store
