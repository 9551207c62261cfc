#include "controlplane/api/claude_relay_imports_service.h"

#include <algorithm>
#include <set>

#include "common/base/uuid.h"
#include "controlplane/accounts/claude_relay_export.h"
#include "controlplane/api/account_import.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/egress_proxies.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMostAccounts = 1'000;

Result<std::set<std::string>> proxy_names(db::Transaction& tx) {
  std::set<std::string> names;
  store::PageRequest page{.size = 500, .cursor = {}};
  do {
    auto found = store::list_egress_proxies(tx, page);
    if (!found) return std::unexpected(found.error());
    for (const store::EgressProxy& row : found->rows)
      names.insert(row.name);
    page.cursor = std::move(found->next);
  } while (!page.cursor.empty());
  return names;
}

Result<> make_proxy(Call& call, const crypto::Vault& vault, const accounts::RelayProxy& wanted) {
  config::v1::EgressProxy pushed;
  pushed.set_url(wanted.url);
  pushed.set_username(wanted.username);
  pushed.set_password(std::string(wanted.password.reveal()));
  if (Result<> valid = resource::check(pushed); !valid) return fail("egress proxy " + wanted.name, valid.error());
  store::EgressProxy row;
  row.id = Uuid::generate(call.clock.now()).to_string();
  row.name = wanted.name;
  row.url = wanted.url;
  row.username = wanted.username;
  if (!wanted.username.empty()) row.sealed = vault.seal("egress_proxies|" + row.id + "|sealed", wanted.password);
  row.key_version = static_cast<std::int32_t>(vault.newest_version());
  if (auto stored = store::insert_egress_proxy(call.tx, row); !stored) return std::unexpected(stored.error());
  return call.audit("egress_proxy.import", "egress_proxy", row.id, nullptr, nullptr);
}

Result<> make_proxies(Call& call, const crypto::Vault& vault, const std::vector<accounts::RelayProxy>& wanted,
                      v1::ImportClaudeRelayAccountsResponse& response) {
  const auto names = proxy_names(call.tx);
  if (!names) return std::unexpected(names.error());
  for (const accounts::RelayProxy& proxy : wanted) {
    if (names->contains(proxy.name)) continue;
    if (Result<> made = make_proxy(call, vault, proxy); !made) return made;
    response.add_egress_proxies(proxy.name);
  }
  return {};
}

}  // namespace

grpc::Status ClaudeRelayImportServiceImpl::ImportClaudeRelayAccounts(
    grpc::ServerContext* context, const v1::ImportClaudeRelayAccountsRequest* request,
    v1::ImportClaudeRelayAccountsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto read = accounts::read_claude_relay_export(request->export_json(), kMostAccounts);
    if (!read) return std::unexpected(read.error());
    for (v1::BundledAccount& account : *read->bundle.mutable_accounts())
      *account.mutable_group_names() = request->group_names();
    if (Result<> made = make_proxies(call, tools_.vault, read->proxies, *response); !made) return made;
    v1::ImportAccountsResponse report;
    if (Result<> done = import_accounts(call, tools_, read->bundle, request->update_existing(), report); !done) {
      return done;
    }
    for (v1::AccountImport& one : *report.mutable_accounts()) {
      const auto note = read->notes.find({one.provider(), one.name()});
      if (note != read->notes.end()) one.add_notes(note->second);
    }
    *response->mutable_accounts() = std::move(*report.mutable_accounts());
    return {};
  });
}

}  // namespace sluice::api
