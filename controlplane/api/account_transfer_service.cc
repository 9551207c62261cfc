#include "controlplane/api/account_transfer_service.h"

#include <set>

#include "controlplane/accounts/passphrase_box.h"
#include "controlplane/api/account_import.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/egress_proxies.h"
#include "controlplane/store/groups.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<> bundle_credential(Call& call, const crypto::Vault& vault, const std::string& account_id,
                           v1::BundledAccount& into) {
  const auto row = store::get_credential(call.tx, account_id);
  if (!row) return row.error().code == ErrorCode::kNotFound ? Result<>() : std::unexpected(row.error());
  if (row->status != store::Status::kActive || row->sealed.empty()) return {};
  const auto secret = vault.open("account_credentials|" + account_id + "|sealed", row->sealed);
  if (!secret) return fail("the account's credential", secret.error());
  v1::AccountCredential& credential = *into.mutable_credential();
  credential.set_kind(row->kind == store::CredentialKind::kAccessToken ? v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN
                                                                       : v1::ACCOUNT_CREDENTIAL_KIND_API_KEY);
  credential.set_secret(std::string(secret->reveal()));
  if (row->expires_at) set_time(credential.mutable_expires_at(), *row->expires_at);
  return {};
}

Result<> bundle_account(Call& call, const crypto::Vault& vault, const std::string& id, v1::BundledAccount& into) {
  const auto row = live(store::get_account(call.tx, id), "account");
  if (!row) return std::unexpected(row.error());
  v1::Account& account = *into.mutable_account();
  if (Result<> filled = to_message(call, *row, account); !filled) return filled;
  for (const std::string& group_id : row->group_ids) {
    const auto group = store::get_group(call.tx, group_id);
    if (!group) return std::unexpected(group.error());
    into.add_group_names(group->name);
  }
  for (const std::string& proxy_id : row->egress_proxy_ids) {
    const auto proxy = store::get_egress_proxy(call.tx, proxy_id);
    if (!proxy) return std::unexpected(proxy.error());
    into.add_egress_proxy_names(proxy->name);
  }
  // What only this installation knows.
  account.clear_id();
  account.clear_group_ids();
  account.clear_egress_proxy_ids();
  account.clear_has_credential();
  account.clear_etag();
  account.clear_created_at();
  account.clear_updated_at();
  if (Result<> filled = bundle_credential(call, vault, id, into); !filled) return filled;
  return call.audit("account.export", "account", id, nullptr, nullptr);
}

}  // namespace

grpc::Status AccountTransferServiceImpl::ExportAccounts(grpc::ServerContext* context,
                                                        const v1::ExportAccountsRequest* request,
                                                        v1::ExportAccountsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const std::set<std::string> ids(request->account_ids().begin(), request->account_ids().end());
    if (ids.empty() || request->account_ids_size() > kMostAccounts) {
      return fail(ErrorCode::kInvalidArgument, "account_ids: 1 to 200");
    }
    v1::AccountBundle bundle;
    for (const std::string& id : ids) {
      if (Result<> added = bundle_account(call, tools_.vault, id, *bundle.add_accounts()); !added) return added;
    }
    auto sealed = accounts::seal_under(request->passphrase(), Secret(bundle.SerializeAsString()));
    if (!sealed) return std::unexpected(sealed.error());
    response->set_envelope(std::move(*sealed));
    return {};
  });
}

grpc::Status AccountTransferServiceImpl::ImportAccounts(grpc::ServerContext* context,
                                                        const v1::ImportAccountsRequest* request,
                                                        v1::ImportAccountsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto opened = accounts::open_under(request->passphrase(), request->envelope());
    if (!opened) return std::unexpected(opened.error());
    const std::string_view bytes = opened->reveal();
    v1::AccountBundle bundle;
    if (!bundle.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        bundle.accounts_size() > kMostAccounts) {
      return fail(ErrorCode::kInvalidArgument, "envelope: what is sealed in it are not at most 200 accounts");
    }
    return import_accounts(call, tools_, bundle, request->update_existing(), *response);
  });
}

}  // namespace sluice::api
