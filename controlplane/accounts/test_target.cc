#include "controlplane/accounts/test_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/http/client_pool.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/egress_proxies.h"
#include "controlplane/store/oauth_grants.h"

namespace sluice::accounts {

namespace {

constexpr std::size_t kLongestModel = 200;

Result<std::string> upstream_model(const store::Account& account, std::string_view wanted) {
  std::string model(wanted);
  if (model.empty() && !account.models.empty()) model = account.models.front();
  if (model.empty() && !account.model_mapping.empty()) model = account.model_mapping.begin()->first;
  if (model.empty()) return fail(ErrorCode::kInvalidArgument, "model: name one; the account lists none");
  const auto harmless = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (model.size() > kLongestModel || !std::all_of(model.begin(), model.end(), harmless)) {
    return fail(ErrorCode::kInvalidArgument, "model: at most 200 visible ASCII characters");
  }
  const auto mapped = account.model_mapping.find(model);
  return mapped == account.model_mapping.end() ? model : mapped->second;
}

Result<store::Credential> usable_credential(db::Transaction& tx, const store::Account& account, SystemTime now) {
  auto credential = store::get_credential(tx, account.id);
  if (!credential && credential.error().code != ErrorCode::kNotFound) return credential;
  if (!credential || credential->status != store::Status::kActive || credential->sealed.empty()) {
    return fail(ErrorCode::kFailedPrecondition, "the account has no credential; set one, or log it in by OAuth");
  }
  if (credential->expires_at && *credential->expires_at <= now) {
    return fail(ErrorCode::kFailedPrecondition, "the account's credential is expired; set a new one, or log in again");
  }
  const auto base = http::parse_base_url(account.base_url);
  if (!base) return fail("base_url", base.error());
  const std::string host = base->origin.host_and_port();
  const auto& bound = credential->bound_hosts;
  if (std::find(bound.begin(), bound.end(), host) == bound.end()) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("the account's credential may not be sent to {}; set it again", host));
  }
  return credential;
}

Result<std::vector<TestProxy>> usable_proxies(db::Transaction& tx, const crypto::Vault& vault,
                                              const store::Account& account) {
  std::vector<TestProxy> proxies;
  for (const std::string& id : account.egress_proxy_ids) {
    auto row = store::get_egress_proxy(tx, id);
    if (!row) return std::unexpected(row.error());
    if (row->status != store::Status::kActive) continue;
    TestProxy& proxy = proxies.emplace_back();
    proxy.name = row->name;
    proxy.url = row->url;
    proxy.username = row->username;
    if (row->sealed.empty()) continue;
    auto password = vault.open("egress_proxies|" + row->id + "|sealed", row->sealed);
    if (!password) return fail("the password of the egress proxy " + row->name, password.error());
    proxy.password = std::move(*password);
  }
  if (proxies.empty() && !account.egress_proxy_ids.empty()) {
    return fail(ErrorCode::kFailedPrecondition, "every egress proxy of the account is disabled");
  }
  return proxies;
}

}  // namespace

Result<TestTarget> read_test_target(db::Transaction& tx, const crypto::Vault& vault, std::string_view account_id,
                                    std::string_view model, SystemTime now) {
  auto account = store::get_account(tx, account_id);
  if (!account) return std::unexpected(account.error());
  if (account->status == store::Status::kDeleted) return fail(ErrorCode::kNotFound, "the account is deleted");
  auto upstream = upstream_model(*account, model);
  if (!upstream) return std::unexpected(upstream.error());
  auto credential = usable_credential(tx, *account, now);
  if (!credential) return std::unexpected(credential.error());
  auto secret = vault.open("account_credentials|" + account->id + "|sealed", credential->sealed);
  if (!secret) return fail("the account's credential", secret.error());
  auto proxies = usable_proxies(tx, vault, *account);
  if (!proxies) return std::unexpected(proxies.error());
  auto grant = store::get_oauth_grant(tx, account->id);
  if (!grant && grant.error().code != ErrorCode::kNotFound) return std::unexpected(grant.error());
  return TestTarget{.account_name = account->name,
                    .provider = account->provider,
                    .base_url = account->base_url,
                    .ca_pem = account->ca_pem,
                    .model = std::move(*upstream),
                    .google_project = grant ? grant->google_project : std::string(),
                    .kind = credential->kind,
                    .secret = std::move(*secret),
                    .proxies = std::move(*proxies)};
}

}  // namespace sluice::accounts
