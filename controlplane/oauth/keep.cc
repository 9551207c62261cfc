#include "controlplane/oauth/keep.h"

#include "controlplane/oauth/plan.h"
#include "controlplane/store/credentials.h"

namespace sluice::oauth {

namespace {

std::string grant_context(const std::string& account_id) {
  return "oauth_grants|" + account_id + "|sealed";
}

store::Credential credential_of(const crypto::Vault& vault, SystemTime now, const std::string& account_id,
                                const std::string& bound_host, const Tokens& tokens) {
  store::Credential row;
  row.account_id = account_id;
  row.kind = store::CredentialKind::kAccessToken;
  row.sealed = vault.seal("account_credentials|" + account_id + "|sealed", tokens.access);
  row.key_version = static_cast<std::int32_t>(vault.newest_version());
  if (tokens.lifetime) row.expires_at = now + *tokens.lifetime;
  row.bound_hosts = {bound_host};
  return row;
}

void set_times(store::OAuthGrant& grant, SystemTime now, const Tokens& tokens) {
  grant.access_expires_at.reset();
  grant.refresh_at.reset();
  if (tokens.lifetime) grant.access_expires_at = now + *tokens.lifetime;
  if (!grant.sealed.empty()) grant.refresh_at = refresh_time(now, tokens.lifetime);
  grant.refreshed_at = now;
}

}  // namespace

Result<store::OAuthGrant> keep_login(db::Transaction& tx, const crypto::Vault& vault, SystemTime now,
                                     const store::OAuthClient& client, const std::string& account_id,
                                     const std::string& bound_host, const Tokens& tokens) {
  // The grant is locked before the credential, as in a refresh.
  auto before = store::get_oauth_grant(tx, account_id, true);
  if (!before && before.error().code != ErrorCode::kNotFound) return std::unexpected(before.error());
  auto credential = store::put_credential(tx, credential_of(vault, now, account_id, bound_host, tokens));
  if (!credential) return std::unexpected(credential.error());
  store::OAuthGrant grant;
  grant.account_id = account_id;
  grant.client_id = client.id;
  if (!tokens.refresh.empty()) grant.sealed = vault.seal(grant_context(account_id), tokens.refresh);
  grant.key_version = static_cast<std::int32_t>(vault.newest_version());
  grant.credential_revision = credential->revision;
  grant.bound_host = bound_host;
  grant.scopes = tokens.scopes.empty() ? client.scopes : tokens.scopes;
  grant.state = grant.sealed.empty() ? store::GrantState::kUnrefreshable : store::GrantState::kActive;
  set_times(grant, now, tokens);
  if (client.google_kind == "code_assist" || client.google_kind == "google_one") grant.facts_due_at = now;
  return store::put_oauth_grant(tx, grant);
}

Result<bool> keep_refreshed(db::Transaction& tx, const crypto::Vault& vault, SystemTime now,
                            const std::string& account_id, std::int64_t generation, const Tokens& tokens) {
  auto grant = store::get_oauth_grant(tx, account_id, true);
  if (!grant) return std::unexpected(grant.error());
  if (grant->generation != generation) return false;
  if (!tokens.refresh.empty()) {
    grant->sealed = vault.seal(grant_context(account_id), tokens.refresh);
    grant->key_version = static_cast<std::int32_t>(vault.newest_version());
  }
  if (!tokens.scopes.empty()) grant->scopes = tokens.scopes;
  grant->failures = 0;
  grant->invalid_grants = 0;
  grant->last_error.clear();
  auto stored = store::get_credential(tx, account_id);
  if (!stored) return std::unexpected(stored.error());
  if (stored->revision == grant->credential_revision) {
    auto credential = store::put_credential(tx, credential_of(vault, now, account_id, grant->bound_host, tokens),
                                            grant->credential_revision);
    if (!credential) return std::unexpected(credential.error());
    grant->credential_revision = credential->revision;
    set_times(*grant, now, tokens);
  } else {
    grant->state = store::GrantState::kReplaced;
    grant->last_error = "the account's credential was changed by hand, or its URL leads to another host: log in again";
    grant->last_error_at = now;
    grant->refresh_at.reset();
    grant->facts_due_at.reset();
  }
  return store::write_oauth_grant(tx, *grant, true);
}

}  // namespace sluice::oauth
