#include "controlplane/store/credentials.h"

#include "controlplane/store/change_log.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_CREDENTIAL_COLUMNS \
  "account_id, kind, sealed, key_version, expires_at, bound_hosts, status, revision, updated_at"

constexpr db::Statement kGet{"get_credential",
                             "SELECT " SLUICE_CREDENTIAL_COLUMNS " FROM account_credentials WHERE account_id = $1"};

Credential read_credential(const db::Row& row) {
  return {.account_id = row.get<std::string>("account_id"),
          .kind = credential_kind_of(row.get<std::string>("kind")),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .expires_at = row.get<std::optional<SystemTime>>("expires_at"),
          .bound_hosts = row.get<std::vector<std::string>>("bound_hosts"),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<Credential> record(db::Transaction& tx, Result<Credential> credential) {
  if (!credential) return credential;
  auto recorded = record_change(tx, config::v1::KIND_CREDENTIAL, credential->account_id, credential->revision,
                                state_of(credential->status));
  if (!recorded) return std::unexpected(recorded.error());
  return credential;
}

// Locks the account, so that it cannot be deleted meanwhile and two writers come one after the other.
Result<> lock_account(db::Transaction& tx, std::string_view account_id) {
  auto rows = tx.exec("SELECT id FROM accounts WHERE id = $1 AND status <> 'deleted' FOR UPDATE", account_id);
  if (!rows) return std::unexpected(rows.error());
  if (!rows->empty()) return {};
  return fail(ErrorCode::kFailedPrecondition, "there is no account with the id " + std::string(account_id));
}

Result<> check_revision(db::Transaction& tx, std::string_view account_id, std::int64_t expected) {
  auto stored = get_credential(tx, account_id);
  if (!stored && stored.error().code != ErrorCode::kNotFound) return std::unexpected(stored.error());
  if ((stored ? stored->revision : 0) == expected) return {};
  return fail(ErrorCode::kFailedPrecondition, "the credential was changed meanwhile: read it again");
}

}  // namespace

Result<Credential> put_credential(db::Transaction& tx, const Credential& credential,
                                  std::optional<std::int64_t> expected_revision) {
  if (auto ok = lock_account(tx, credential.account_id); !ok) return std::unexpected(ok.error());
  if (expected_revision) {
    auto ok = check_revision(tx, credential.account_id, *expected_revision);
    if (!ok) return std::unexpected(ok.error());
  }
  auto rows = tx.exec(
      "INSERT INTO account_credentials (account_id, kind, sealed, key_version, expires_at, bound_hosts, status) "
      "VALUES ($1, $2, $3, $4, $5, $6, 'active') ON CONFLICT (account_id) DO UPDATE SET kind = EXCLUDED.kind, "
      "sealed = EXCLUDED.sealed, key_version = EXCLUDED.key_version, expires_at = EXCLUDED.expires_at, "
      "bound_hosts = EXCLUDED.bound_hosts, status = 'active', revision = account_credentials.revision + 1, "
      "updated_at = now() RETURNING " SLUICE_CREDENTIAL_COLUMNS,
      credential.account_id, name(credential.kind), db::Bytes{credential.sealed}, credential.key_version,
      credential.expires_at, credential.bound_hosts);
  return record(tx, one(rows, read_credential, [&] { return not_found("credential", credential.account_id); }));
}

Result<Credential> get_credential(db::Transaction& tx, std::string_view account_id) {
  return one(tx.exec(kGet, account_id), read_credential, [&] { return not_found("credential", account_id); });
}

Result<Page<Credential>> list_credentials(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_CREDENTIAL_COLUMNS
                      " FROM account_credentials WHERE account_id > "
                      "COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') AND status <> 'deleted' "
                      "ORDER BY account_id LIMIT $2",
                      id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Credential>(*rows, page_size(page), read_credential,
                               [](const Credential& last) { return Position{SystemTime{}, last.account_id}; });
}

Result<Credential> delete_credential(db::Transaction& tx, std::string_view account_id) {
  auto rows = tx.exec(
      "UPDATE account_credentials SET sealed = '', status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE account_id = $1 AND status <> 'deleted' RETURNING " SLUICE_CREDENTIAL_COLUMNS,
      account_id);
  return record(tx, one(rows, read_credential, [&] { return not_found("credential", account_id); }));
}

}  // namespace sluice::store
