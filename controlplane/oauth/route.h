// How to reach a provider for one account: its OAuth client, the opened client secret, and the account's proxies with
// their passwords. Blocking; any thread.
#pragma once

#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oauth/fetch.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/oauth_clients.h"

namespace sluice::oauth {

struct Route {
  store::OAuthClient client;
  Secret client_secret;
  store::Account account;
  std::vector<FetchProxy> proxies;
};

// kFailedPrecondition if the client or the account is gone or none of the account's proxies may be used.
[[nodiscard]] Result<Route> read_route(db::Transaction& tx, const crypto::Vault& vault, std::string_view client_id,
                                       std::string_view account_id);

}  // namespace sluice::oauth
