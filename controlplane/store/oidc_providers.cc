#include "controlplane/store/oidc_providers.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_OIDC_PROVIDER_COLUMNS                                                       \
  "id, slug, display_name, issuer, client_id, sealed, key_version, scopes, create_users, " \
  "allowed_email_domains, status, revision, created_at, updated_at"

OidcProvider read_provider(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .slug = row.get<std::string>("slug"),
          .display_name = row.get<std::string>("display_name"),
          .issuer = row.get<std::string>("issuer"),
          .client_id = row.get<std::string>("client_id"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .scopes = row.get<std::vector<std::string>>("scopes"),
          .create_users = row.get<bool>("create_users"),
          .allowed_email_domains = row.get<std::vector<std::string>>("allowed_email_domains"),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

}  // namespace

Result<OidcProvider> insert_oidc_provider(db::Transaction& tx, const OidcProvider& provider) {
  if (auto ok = check_writable(provider.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO oidc_providers (id, slug, display_name, issuer, client_id, sealed, key_version, scopes, "
      "create_users, allowed_email_domains, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
      "RETURNING " SLUICE_OIDC_PROVIDER_COLUMNS,
      provider.id, provider.slug, provider.display_name, provider.issuer, provider.client_id,
      db::Bytes{provider.sealed}, provider.key_version, provider.scopes, provider.create_users,
      provider.allowed_email_domains, name(provider.status));
  return one(rows, read_provider, [&] { return not_found("OIDC provider", provider.id); });
}

Result<OidcProvider> get_oidc_provider(db::Transaction& tx, std::string_view id) {
  return one(tx.exec("SELECT " SLUICE_OIDC_PROVIDER_COLUMNS " FROM oidc_providers WHERE id = $1", id), read_provider,
             [&] { return not_found("OIDC provider", id); });
}

Result<OidcProvider> find_oidc_provider(db::Transaction& tx, std::string_view slug) {
  return one(
      tx.exec("SELECT " SLUICE_OIDC_PROVIDER_COLUMNS " FROM oidc_providers WHERE slug = $1 AND status = 'active'",
              slug),
      read_provider, [&] { return fail(ErrorCode::kNotFound, "nobody can sign in through such a provider here"); });
}

Result<Page<OidcProvider>> list_oidc_providers(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_OIDC_PROVIDER_COLUMNS " FROM oidc_providers WHERE " SLUICE_KEYSET(
                          "created_at") "AND status <> 'deleted' " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<OidcProvider>(*rows, page_size(page), read_provider, position_by_created_at<OidcProvider>);
}

Result<std::vector<OidcProvider>> open_oidc_providers(db::Transaction& tx) {
  auto rows = tx.exec("SELECT " SLUICE_OIDC_PROVIDER_COLUMNS
                      " FROM oidc_providers WHERE status = 'active' ORDER BY display_name, id LIMIT 100");
  if (!rows) return std::unexpected(rows.error());
  std::vector<OidcProvider> all;
  for (const db::Row row : *rows)
    all.push_back(read_provider(row));
  return all;
}

Result<OidcProvider> update_oidc_provider(db::Transaction& tx, const OidcProvider& provider) {
  if (auto ok = check_writable(provider.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE oidc_providers SET slug = $3, display_name = $4, client_id = $5, sealed = $6, key_version = $7, "
      "scopes = $8, create_users = $9, allowed_email_domains = $10, status = $11, revision = revision + 1, "
      "updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_OIDC_PROVIDER_COLUMNS,
      provider.id, provider.revision, provider.slug, provider.display_name, provider.client_id,
      db::Bytes{provider.sealed}, provider.key_version, provider.scopes, provider.create_users,
      provider.allowed_email_domains, name(provider.status));
  return one(rows, read_provider, [&] { return why_unchanged(tx, "oidc_providers", "OIDC provider", provider.id); });
}

Result<OidcProvider> delete_oidc_provider(db::Transaction& tx, std::string_view id,
                                          std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE oidc_providers SET status = 'deleted', sealed = '', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
      "RETURNING " SLUICE_OIDC_PROVIDER_COLUMNS,
      id, revision);
  auto provider = one(rows, read_provider, [&] { return why_unchanged(tx, "oidc_providers", "OIDC provider", id); });
  if (!provider) return provider;
  if (auto gone = tx.exec("DELETE FROM oidc_identities WHERE provider_id = $1", id); !gone) {
    return std::unexpected(gone.error());
  }
  if (auto gone = tx.exec("DELETE FROM oidc_logins WHERE provider_id = $1", id); !gone) {
    return std::unexpected(gone.error());
  }
  return provider;
}

}  // namespace sluice::store
