#include "controlplane/api/accounts_service.h"

#include "common/base/uuid.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/credentials.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<bool> has_credential(Call& call, const std::string& account_id) {
  auto credential = store::get_credential(call.tx, account_id);
  if (credential) return credential->status == store::Status::kActive;
  if (credential.error().code == ErrorCode::kNotFound) return false;
  return std::unexpected(credential.error());
}

Result<> to_message(Call& call, const store::Account& row, v1::Account& into) {
  auto sealed = has_credential(call, row.id);
  if (!sealed) return std::unexpected(sealed.error());
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_provider(row.provider);
  into.set_base_url(row.base_url);
  into.set_status(row.status == store::Status::kActive ? v1::ACCOUNT_STATUS_ACTIVE : v1::ACCOUNT_STATUS_DISABLED);
  into.set_priority(row.priority);
  into.set_concurrency(row.concurrency);
  for (const std::string& model : row.models)
    into.add_models(model);
  into.set_ca_pem(row.ca_pem);
  for (const std::string& group : row.group_ids)
    into.add_group_ids(group);
  into.mutable_model_mapping()->insert(row.model_mapping.begin(), row.model_mapping.end());
  for (const config::v1::PauseRule& rule : row.pause_rules) {
    v1::AccountPauseRule& shown = *into.add_pause_rules();
    shown.set_status(static_cast<std::int32_t>(rule.status()));
    *shown.mutable_keywords() = rule.keywords();
    shown.set_minutes(static_cast<std::int32_t>(rule.minutes()));
  }
  for (const std::string& proxy : row.egress_proxy_ids)
    into.add_egress_proxy_ids(proxy);
  into.set_has_credential(*sealed);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
  return {};
}

// Numbers below zero become too large ones, which the rules for pushed accounts refuse.
store::PauseRules rules_of(const v1::Account& account) {
  store::PauseRules rules;
  for (const v1::AccountPauseRule& shown : account.pause_rules()) {
    config::v1::PauseRule& rule = rules.emplace_back();
    rule.set_status(static_cast<std::uint32_t>(shown.status()));
    *rule.mutable_keywords() = shown.keywords();
    rule.set_minutes(static_cast<std::uint32_t>(shown.minutes()));
  }
  return rules;
}

Result<> from_message(const v1::Account& account, store::Account& into) {
  if (account.concurrency() < 0) return fail(ErrorCode::kInvalidArgument, "concurrency: must be 0 or more");
  into.name = account.name();
  into.provider = account.provider();
  into.base_url = account.base_url();
  into.status = account.status() == v1::ACCOUNT_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.priority = account.priority();
  into.concurrency = account.concurrency();
  into.models.assign(account.models().begin(), account.models().end());
  into.ca_pem = account.ca_pem();
  into.group_ids.assign(account.group_ids().begin(), account.group_ids().end());
  into.model_mapping = {account.model_mapping().begin(), account.model_mapping().end()};
  into.pause_rules = rules_of(account);
  into.egress_proxy_ids.assign(account.egress_proxy_ids().begin(), account.egress_proxy_ids().end());

  config::v1::Account pushed;
  pushed.set_display_name(into.name);
  pushed.set_provider(into.provider);
  pushed.set_base_url(into.base_url);
  pushed.set_concurrency(static_cast<std::uint32_t>(into.concurrency));
  pushed.set_priority(into.priority);
  pushed.set_ca_pem(into.ca_pem);
  for (const std::string& model : into.models)
    pushed.add_models(model);
  for (const std::string& group : into.group_ids)
    pushed.add_group_ids(group);
  pushed.mutable_model_mapping()->insert(into.model_mapping.begin(), into.model_mapping.end());
  pushed.mutable_pause_rules()->Add(into.pause_rules.begin(), into.pause_rules.end());
  for (const std::string& proxy : into.egress_proxy_ids)
    pushed.add_egress_proxy_ids(proxy);
  return check_pushed(pushed);
}

}  // namespace

// The secret is bound to the host it was given for, so that no later change of the URL can send it elsewhere.
Result<> AccountServiceImpl::put_credential(Call& call, const std::string& account_id, const std::string& base_url,
                                            const v1::AccountCredential& credential) {
  auto host = guard_.check(base_url);
  if (!host) return std::unexpected(host.error());
  const bool token = credential.kind() == v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN;
  config::v1::Credential pushed;
  pushed.set_kind(token ? config::v1::CREDENTIAL_KIND_ACCESS_TOKEN : config::v1::CREDENTIAL_KIND_API_KEY);
  pushed.set_secret(credential.secret());
  pushed.add_bound_hosts(*host);
  if (credential.has_expires_at()) *pushed.mutable_expires_at() = credential.expires_at();
  if (Result<> valid = resource::check(pushed); !valid) return valid;

  store::Credential row;
  row.account_id = account_id;
  row.kind = token ? store::CredentialKind::kAccessToken : store::CredentialKind::kApiKey;
  row.sealed = vault_.seal("account_credentials|" + account_id + "|sealed", Secret(credential.secret()));
  row.key_version = static_cast<std::int32_t>(vault_.newest_version());
  if (credential.has_expires_at()) row.expires_at = to_time(credential.expires_at());
  row.bound_hosts = {*host};
  auto stored = store::put_credential(call.tx, row);
  if (!stored) return std::unexpected(stored.error());
  return call.audit("account.set_credential", "account", account_id, nullptr, nullptr);
}

grpc::Status AccountServiceImpl::ListAccounts(grpc::ServerContext* context, const v1::ListAccountsRequest* request,
                                              v1::ListAccountsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    store::AccountFilter filter;
    if (!request->group_id().empty()) filter.group_id = request->group_id();
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
