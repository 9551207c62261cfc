#include "controlplane/oauth/route.h"

#include "controlplane/store/egress_proxies.h"

namespace sluice::oauth {

namespace {

Result<FetchProxy> open_proxy(const store::EgressProxy& row, const crypto::Vault& vault) {
  FetchProxy proxy{.url = row.url, .username = row.username, .password = {}};
  if (row.sealed.empty()) return proxy;
  auto password = vault.open("egress_proxies|" + row.id + "|sealed", row.sealed);
  if (!password) return fail("the password of the egress proxy " + row.name, password.error());
  proxy.password = std::move(*password);
  return proxy;
}

}  // namespace

Result<Route> read_route(db::Transaction& tx, const crypto::Vault& vault, std::string_view client_id,
                         std::string_view account_id) {
  auto client = store::get_oauth_client(tx, client_id);
  if (!client) return std::unexpected(client.error());
  auto account = store::get_account(tx, account_id);
  if (!account) return std::unexpected(account.error());
  if (client->status != store::Status::kActive) {
    return fail(ErrorCode::kFailedPrecondition, "the OAuth client " + client->name + " is disabled or deleted");
  }
  if (account->status == store::Status::kDeleted) {
    return fail(ErrorCode::kFailedPrecondition, "the account is deleted");
  }
  Route route{.client = std::move(*client), .client_secret = {}, .account = std::move(*account), .proxies = {}};
  if (!route.client.sealed.empty()) {
    auto secret = vault.open("oauth_clients|" + route.client.id + "|sealed", route.client.sealed);
    if (!secret) return fail("the secret of the OAuth client", secret.error());
    route.client_secret = std::move(*secret);
  }
  for (const std::string& id : route.account.egress_proxy_ids) {
    auto row = store::get_egress_proxy(tx, id);
    if (!row) return std::unexpected(row.error());
    if (row->status != store::Status::kActive) continue;
    auto proxy = open_proxy(*row, vault);
    if (!proxy) return std::unexpected(proxy.error());
    route.proxies.push_back(std::move(*proxy));
  }
  if (route.proxies.empty() && !route.account.egress_proxy_ids.empty()) {
    return fail(ErrorCode::kFailedPrecondition, "every egress proxy of the account is disabled");
  }
  return route;
}

}  // namespace sluice::oauth
