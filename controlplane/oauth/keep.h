// Stores what a token endpoint gave: the refresh token sealed beside the grant, the access token as the account's
// credential, which the publisher then brings to every node. Blocking; any thread.
#pragma once

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oauth/token_endpoint.h"
#include "controlplane/store/oauth_grants.h"

namespace sluice::oauth {

// After a login. `bound_host` is what the account's base URL leads to.
[[nodiscard]] Result<store::OAuthGrant> keep_login(db::Transaction& tx, const crypto::Vault& vault, SystemTime now,
                                                   const store::OAuthClient& client, const std::string& account_id,
                                                   const std::string& bound_host, const Tokens& tokens);

// After a refresh of the grant in its generation `generation`. False, and nothing stored, if the grant is in another
// one by now. If another credential was stored for the account meanwhile, the grant ends as kReplaced.
[[nodiscard]] Result<bool> keep_refreshed(db::Transaction& tx, const crypto::Vault& vault, SystemTime now,
                                          const std::string& account_id, std::int64_t generation, const Tokens& tokens);

}  // namespace sluice::oauth
