#include "controlplane/store/oauth_grants.h"

#include <array>
#include <cstdlib>

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_GRANT_COLUMNS                                                                                     \
  "account_id, client_id, sealed, key_version, generation, credential_revision, bound_host, scopes, state, "     \
  "access_expires_at, refresh_at, refreshed_at, lease_id, failures, invalid_grants, last_error, last_error_at, " \
  "facts_due_at, facts_at, facts_failures, facts_error, google_project, google_tier, drive_limit_bytes, "        \
  "drive_used_bytes"

constexpr std::array kStates{GrantState::kActive, GrantState::kUnrefreshable, GrantState::kNeedsLogin,
                             GrantState::kReplaced};

GrantState grant_state_of(std::string_view text) {
  for (const GrantState state : kStates) {
    if (name(state) == text) return state;
  }
  std::abort();
}

OAuthGrant read_grant(const db::Row& row) {
  using Time = std::optional<SystemTime>;
  return {.account_id = row.get<std::string>("account_id"),
          .client_id = row.get<std::string>("client_id"),
          .sealed = row.get<db::Bytes>("sealed").value,
          .key_version = row.get<std::int32_t>("key_version"),
          .generation = row.get<std::int64_t>("generation"),
          .credential_revision = row.get<std::int64_t>("credential_revision"),
          .bound_host = row.get<std::string>("bound_host"),
          .scopes = row.get<std::vector<std::string>>("scopes"),
          .state = grant_state_of(row.get<std::string>("state")),
          .access_expires_at = row.get<Time>("access_expires_at"),
          .refresh_at = row.get<Time>("refresh_at"),
          .refreshed_at = row.get<Time>("refreshed_at"),
          .lease_id = row.get<std::optional<std::string>>("lease_id"),
          .failures = row.get<std::int32_t>("failures"),
          .invalid_grants = row.get<std::int32_t>("invalid_grants"),
          .last_error = row.get<std::string>("last_error"),
          .last_error_at = row.get<Time>("last_error_at"),
          .facts_due_at = row.get<Time>("facts_due_at"),
          .facts_at = row.get<Time>("facts_at"),
          .facts_failures = row.get<std::int32_t>("facts_failures"),
          .facts_error = row.get<std::string>("facts_error"),
          .google_project = row.get<std::string>("google_project"),
          .google_tier = row.get<std::string>("google_tier"),
          .drive_limit_bytes = row.get<std::int64_t>("drive_limit_bytes"),
          .drive_used_bytes = row.get<std::int64_t>("drive_used_bytes")};
}

}  // namespace

std::string_view name(GrantState state) {
  switch (state) {
    case GrantState::kActive:
      return "active";
    case GrantState::kUnrefreshable:
      return "unrefreshable";
    case GrantState::kNeedsLogin:
      return "needs_login";
    case GrantState::kReplaced:
      return "replaced";
  }
  std::abort();
}

Result<OAuthGrant> put_oauth_grant(db::Transaction& tx, const OAuthGrant& grant) {
  auto rows = tx.exec(
      "INSERT INTO oauth_grants (account_id, client_id, sealed, key_version, credential_revision, bound_host, scopes, "
      "state, access_expires_at, refresh_at, refreshed_at, facts_due_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (account_id) DO UPDATE SET "
      "client_id = EXCLUDED.client_id, sealed = EXCLUDED.sealed, key_version = EXCLUDED.key_version, "
      "generation = oauth_grants.generation + 1, credential_revision = EXCLUDED.credential_revision, "
      "bound_host = EXCLUDED.bound_host, scopes = EXCLUDED.scopes, state = EXCLUDED.state, "
      "access_expires_at = EXCLUDED.access_expires_at, refresh_at = EXCLUDED.refresh_at, "
      "refreshed_at = EXCLUDED.refreshed_at, facts_due_at = EXCLUDED.facts_due_at, lease_id = NULL, "
      "lease_until = NULL, failures = 0, invalid_grants = 0, last_error = '', last_error_at = NULL, "
      "facts_failures = 0, facts_error = '', google_project = '', google_tier = '', drive_limit_bytes = 0, "
      "drive_used_bytes = 0, updated_at = now() RETURNING " SLUICE_GRANT_COLUMNS,
      grant.account_id, grant.client_id, db::Bytes{grant.sealed}, grant.key_version, grant.credential_revision,
      grant.bound_host, grant.scopes, name(grant.state), grant.access_expires_at, grant.refresh_at, grant.refreshed_at,
      grant.facts_due_at);
  return one(rows, read_grant, [&] { return not_found("OAuth grant", grant.account_id); });
}

Result<OAuthGrant> get_oauth_grant(db::Transaction& tx, std::string_view account_id, bool lock) {
  auto rows =
      lock ? tx.exec("SELECT " SLUICE_GRANT_COLUMNS " FROM oauth_grants WHERE account_id = $1 FOR UPDATE", account_id)
           : tx.exec("SELECT " SLUICE_GRANT_COLUMNS " FROM oauth_grants WHERE account_id = $1", account_id);
  return one(rows, read_grant, [&] { return not_found("OAuth grant of account", account_id); });
}

Result<Page<OAuthGrant>> list_oauth_grants(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_GRANT_COLUMNS
                      " FROM oauth_grants WHERE account_id > COALESCE($1::uuid, "
                      "'00000000-0000-0000-0000-000000000000') AND account_id IN "
                      "(SELECT id FROM accounts WHERE status <> 'deleted') ORDER BY account_id LIMIT $2",
                      id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<OAuthGrant>(*rows, page_size(page), read_grant,
                               [](const OAuthGrant& grant) { return Position{SystemTime{}, grant.account_id}; });
}

Result<std::optional<OAuthGrant>> claim_oauth_grant(db::Transaction& tx, std::string_view lease_id, SystemTime now,
                                                    std::chrono::microseconds lease) {
  auto rows = tx.exec(
      "UPDATE oauth_grants SET lease_id = $1, lease_until = clock_timestamp() + $3::bigint * interval '1 microsecond' "
      "WHERE account_id = (SELECT g.account_id FROM oauth_grants g JOIN accounts a ON a.id = g.account_id "
      "WHERE g.state IN ('active', 'unrefreshable') AND LEAST(g.refresh_at, g.facts_due_at) <= $2 "
      "AND (g.lease_until IS NULL OR g.lease_until < clock_timestamp()) AND a.status <> 'deleted' "
      "ORDER BY LEAST(g.refresh_at, g.facts_due_at) LIMIT 1 FOR UPDATE OF g SKIP LOCKED) "
      "RETURNING " SLUICE_GRANT_COLUMNS,
      lease_id, now, static_cast<std::int64_t>(lease.count()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<OAuthGrant>();
  return std::optional(read_grant(rows->front()));
}

Result<bool> write_oauth_grant(db::Transaction& tx, const OAuthGrant& grant, bool next_generation) {
  auto rows = tx.exec(
      "UPDATE oauth_grants SET generation = generation + $3::int, sealed = $4, key_version = $5, "
      "credential_revision = $6, scopes = $7, state = $8, access_expires_at = $9, refresh_at = $10, "
      "refreshed_at = $11, failures = $12, invalid_grants = $13, last_error = $14, last_error_at = $15, "
      "facts_due_at = $16, facts_at = $17, facts_failures = $18, facts_error = $19, google_project = $20, "
      "google_tier = $21, drive_limit_bytes = $22, drive_used_bytes = $23, updated_at = now() "
      "WHERE account_id = $1 AND generation = $2",
      grant.account_id, grant.generation, static_cast<std::int32_t>(next_generation), db::Bytes{grant.sealed},
      grant.key_version, grant.credential_revision, grant.scopes, name(grant.state), grant.access_expires_at,
      grant.refresh_at, grant.refreshed_at, grant.failures, grant.invalid_grants, grant.last_error, grant.last_error_at,
      grant.facts_due_at, grant.facts_at, grant.facts_failures, grant.facts_error, grant.google_project,
      grant.google_tier, grant.drive_limit_bytes, grant.drive_used_bytes);
  if (!rows) return std::unexpected(rows.error());
  return rows->affected() == 1;
}

Result<> release_oauth_grant(db::Transaction& tx, std::string_view account_id, std::string_view lease_id) {
  auto rows =
      tx.exec("UPDATE oauth_grants SET lease_id = NULL, lease_until = NULL WHERE account_id = $1 AND lease_id = $2",
              account_id, lease_id);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

Result<bool> note_refused(db::Transaction& tx, std::string_view account_id, std::int64_t revision, SystemTime now) {
  auto rows = tx.exec(
      "UPDATE oauth_grants SET refused_revision = $2, refresh_at = LEAST(refresh_at, $3), updated_at = now() "
      "WHERE account_id = $1 AND credential_revision = $2 AND refused_revision < $2 AND state = 'active' "
      "AND failures = 0",
      account_id, revision, now);
  if (!rows) return std::unexpected(rows.error());
  return rows->affected() == 1;
}

Result<bool> make_refresh_due(db::Transaction& tx, std::string_view account_id, SystemTime now) {
  auto rows = tx.exec(
      "UPDATE oauth_grants SET refresh_at = LEAST(refresh_at, $2), updated_at = now() WHERE account_id = $1 "
      "AND state = 'active'",
      account_id, now);
  if (!rows) return std::unexpected(rows.error());
  return rows->affected() == 1;
}

Result<std::int64_t> make_facts_due(db::Transaction& tx, const std::vector<std::string>& account_ids, SystemTime now) {
  auto rows = tx.exec(
      "UPDATE oauth_grants g SET facts_due_at = $2, facts_failures = 0, updated_at = now() FROM oauth_clients c "
      "WHERE c.id = g.client_id AND c.google_kind IN ('code_assist', 'google_one') "
      "AND g.state IN ('active', 'unrefreshable') "
      "AND (cardinality($1::text[]) = 0 OR g.account_id::text = ANY($1::text[]))",
      account_ids, now);
  if (!rows) return std::unexpected(rows.error());
  return static_cast<std::int64_t>(rows->affected());
}

Result<> retry_grants_of(db::Transaction& tx, std::string_view client_id, SystemTime now) {
  auto rows = tx.exec(
      "UPDATE oauth_grants SET refresh_at = $2, updated_at = now() WHERE client_id = $1 AND state = 'active' "
      "AND failures > 0",
      client_id, now);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

}  // namespace sluice::store
