// Logging an account in: authorization code with PKCE. One replica may begin what another finishes. Blocking; any
// thread.
#pragma once

#include <chrono>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oauth/fetch.h"
#include "controlplane/oauth/route.h"
#include "controlplane/oauth/texts.h"
#include "controlplane/oauth/token_endpoint.h"
#include "controlplane/store/oauth_grants.h"
#include "controlplane/store/oauth_logins.h"

namespace sluice::oauth {

// What the whole folder works with; made by bootstrap, outlives its users.
struct VaultContext {
  db::Pool& pool;
  const Clock& clock;
  const crypto::Vault& vault;
  const accounts::BaseUrlGuard& guard;
  FetchOptions fetch = {};
};

struct StartedLogin {
  std::string id;
  std::string authorize_url;  // carries the state: show it to the one who began, and to nobody else
  SystemTime expires_at;
};

[[nodiscard]] Result<StartedLogin> start_login(const VaultContext& vault, db::Transaction& tx,
                                               const std::string& client_id, const std::string& account_id,
                                               const std::string& actor);

// A login that was taken and cannot be taken again.
struct TakenLogin {
  store::OAuthLogin row;
  Secret state;
  Secret verifier;
  Route route;
};

// By the state, or without one by `login_id`. A state that is not that login's is refused, and the login stays good.
[[nodiscard]] Result<TakenLogin> take_login(const VaultContext& vault, db::Transaction& tx, const std::string& login_id,
                                            const Returned& returned);

// Asks the token endpoint; outside of any transaction. The code is spent then, whatever comes.
[[nodiscard]] Result<Tokens> exchange(const VaultContext& vault, const TakenLogin& login, const Secret& code);

// What a service account's key buys; the key stands as the refresh token. Outside of any transaction.
[[nodiscard]] Result<Tokens> present_service_account(const VaultContext& vault, const Route& route,
                                                     const Secret& key_json);

// Stores the tokens; they are on their way to the nodes once the transaction commits.
[[nodiscard]] Result<store::OAuthGrant> finish_login(const VaultContext& vault, db::Transaction& tx, const Route& route,
                                                     const Tokens& tokens);

}  // namespace sluice::oauth
