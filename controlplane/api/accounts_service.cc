#include "controlplane/api/accounts_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/account_messages.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/credentials.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

}  // namespace

Result<> AccountServiceImpl::put_credential(Call& call, const std::string& account_id, const std::string& base_url,
                                            const v1::AccountCredential& credential) {
  return store_credential(call, {.vault = vault_, .guard = guard_}, account_id, base_url, credential);
}

grpc::Status AccountServiceImpl::ListAccounts(grpc::ServerContext* context, const v1::ListAccountsRequest* request,
                                              v1::ListAccountsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    store::AccountFilter filter;
    if (!request->group_id().empty()) filter.group_id = request->group_id();
    if (!request->provider().empty()) filter.provider = request->provider();
    if (!request->tag().empty()) filter.tag = request->tag();
    filter.text = request->query();
    if (request->status() != v1::ACCOUNT_STATUS_UNSPECIFIED) {
      filter.status =
          request->status() == v1::ACCOUNT_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
    }
    auto page = store::list_accounts(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::Account& row : page->rows) {
      if (Result<> filled = to_message(call, row, *response->add_accounts()); !filled) return filled;
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AccountServiceImpl::GetAccount(grpc::ServerContext* context, const v1::GetAccountRequest* request,
                                            v1::GetAccountResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_account(call.tx, request->id()), "account");
    if (!row) return std::unexpected(row.error());
    return to_message(call, *row, *response->mutable_account());
  });
}

grpc::Status AccountServiceImpl::CreateAccount(grpc::ServerContext* context, const v1::CreateAccountRequest* request,
                                               v1::CreateAccountResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    store::Account row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->account(), row); !valid) return valid;
    if (auto host = guard_.check(row.base_url); !host) return std::unexpected(host.error());
    auto stored = store::insert_account(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    if (request->has_credential()) {
      if (Result<> put = put_credential(call, stored->id, stored->base_url, request->credential()); !put) return put;
    }
    if (Result<> filled = to_message(call, *stored, *response->mutable_account()); !filled) return filled;
    return call.audit("account.create", "account", stored->id, nullptr, &response->account());
  });
}

grpc::Status AccountServiceImpl::UpdateAccount(grpc::ServerContext* context, const v1::UpdateAccountRequest* request,
                                               v1::UpdateAccountResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_account(call.tx, request->account().id()), "account");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->account().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Account before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    v1::Account wanted = before;
    if (Result<> merged = merge(request->account(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    auto host = guard_.check(row->base_url);
    if (!host) return std::unexpected(host.error());
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_account(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    if (before.has_credential()) {
      auto credential = store::get_credential(call.tx, row->id);
      if (!credential) return std::unexpected(credential.error());
      if (credential->bound_hosts != std::vector<std::string>{*host}) {
        if (auto dropped = store::delete_credential(call.tx, row->id); !dropped) {
          return std::unexpected(dropped.error());
        }
      }
    }
    if (Result<> filled = to_message(call, *stored, *response->mutable_account()); !filled) return filled;
    return call.audit("account.update", "account", stored->id, &before, &response->account());
  });
}

grpc::Status AccountServiceImpl::DeleteAccount(grpc::ServerContext* context, const v1::DeleteAccountRequest* request,
                                               v1::DeleteAccountResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_account(call.tx, request->id()), "account");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Account before;
    if (Result<> filled = to_message(call, *row, before); !filled) return filled;
    auto deleted = store::delete_account(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("account.delete", "account", request->id(), &before, nullptr);
  });
}

grpc::Status AccountServiceImpl::SetAccountCredential(grpc::ServerContext* context,
                                                      const v1::SetAccountCredentialRequest* request,
                                                      v1::SetAccountCredentialResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_account(call.tx, request->id()), "account");
    if (!row) return std::unexpected(row.error());
    if (Result<> put = put_credential(call, row->id, row->base_url, request->credential()); !put) return put;
    return to_message(call, *row, *response->mutable_account());
  });
}

}  // namespace sluice::api
