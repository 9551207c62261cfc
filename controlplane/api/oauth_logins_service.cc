#include "controlplane/api/oauth_logins_service.h"

#include <algorithm>
#include <optional>

#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

v1::OAuthGrantState shown(store::GrantState state) {
  switch (state) {
    case store::GrantState::kActive:
      return v1::OAUTH_GRANT_STATE_ACTIVE;
    case store::GrantState::kUnrefreshable:
      return v1::OAUTH_GRANT_STATE_UNREFRESHABLE;
    case store::GrantState::kNeedsLogin:
      return v1::OAUTH_GRANT_STATE_NEEDS_LOGIN;
    case store::GrantState::kReplaced:
      return v1::OAUTH_GRANT_STATE_REPLACED;
  }
  return v1::OAUTH_GRANT_STATE_UNSPECIFIED;
}

void to_message(const store::OAuthGrant& row, v1::OAuthGrant& into) {
  into.set_account_id(row.account_id);
  into.set_oauth_client_id(row.client_id);
  into.set_state(shown(row.state));
  into.mutable_scopes()->Add(row.scopes.begin(), row.scopes.end());
  if (row.access_expires_at) set_time(into.mutable_access_expires_at(), *row.access_expires_at);
  if (row.refresh_at) set_time(into.mutable_refresh_at(), *row.refresh_at);
  if (row.refreshed_at) set_time(into.mutable_refreshed_at(), *row.refreshed_at);
  into.set_failures(row.failures);
  into.set_last_error(row.last_error);
  if (row.last_error_at) set_time(into.mutable_last_error_at(), *row.last_error_at);
  into.set_google_project(row.google_project);
  into.set_google_tier(row.google_tier);
  into.set_drive_limit_bytes(row.drive_limit_bytes);
  into.set_drive_used_bytes(row.drive_used_bytes);
  if (row.facts_at) set_time(into.mutable_facts_at(), *row.facts_at);
  into.set_facts_error(row.facts_error);
}

// The provider's word, a code by RFC 6749 section 4.1.2.1.
Result<> check_returned(const oauth::Returned& returned) {
  if (returned.error.empty()) return {};
  const bool code = returned.error.size() <= 64 && std::ranges::all_of(returned.error, [](unsigned char c) {
                      return (c >= 'a' && c <= 'z') || c == '_';
                    });
  return fail(
      ErrorCode::kFailedPrecondition,
      "the provider ended the login" + (code ? " with " + returned.error : std::string()) + ": start a new one");
}

}  // namespace

Result<store::OAuthGrant> OAuthLoginServiceImpl::end_login(const oauth::TakenLogin& login,
                                                           const oauth::Returned& returned, const std::string& actor,
                                                           const std::string& request_id) {
  if (Result<> fine = check_returned(returned); !fine) return std::unexpected(fine.error());
  const auto tokens = oauth::exchange(vault_, login, returned.code);
  if (!tokens) return std::unexpected(tokens.error());
  auto grant = db::in_transaction(admin_.pool, [&](db::Transaction& tx) -> Result<store::OAuthGrant> {
    auto stored = oauth::finish_login(vault_, tx, login.route, *tokens);
    if (!stored) return stored;
    Call call{tx, admin_.clock, actor, request_id};
    v1::OAuthGrant after;
    to_message(*stored, after);
    if (Result<> noted = call.audit("account.oauth_login", "account", stored->account_id, nullptr, &after); !noted) {
      return std::unexpected(noted.error());
    }
    return stored;
  });
  if (grant) refresher_.wake();
  return grant;
}

grpc::Status OAuthLoginServiceImpl::StartOAuthLogin(grpc::ServerContext* context,
                                                    const v1::StartOAuthLoginRequest* request,
                                                    v1::StartOAuthLoginResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto login = oauth::start_login(vault_, call.tx, request->oauth_client_id(), request->account_id(), call.actor);
    if (!login) return std::unexpected(login.error());
    response->set_login_id(login->id);
    response->set_authorize_url(login->authorize_url);
    set_time(response->mutable_expires_at(), login->expires_at);
    return call.audit("account.start_oauth_login", "account", request->account_id(), nullptr, nullptr);
  });
}

grpc::Status OAuthLoginServiceImpl::FinishOAuthLogin(grpc::ServerContext* context,
                                                     const v1::FinishOAuthLoginRequest* request,
                                                     v1::FinishOAuthLoginResponse* response) {
  const auto returned = oauth::parse_pasted(request->pasted());
  std::optional<oauth::TakenLogin> login;
  std::string actor;
  const grpc::Status taken = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (!returned) return std::unexpected(returned.error());
    if (Result<> given = require("login_id", request->login_id()); !given) return given;
    auto found = oauth::take_login(vault_, call.tx, request->login_id(), *returned);
    if (!found) return std::unexpected(found.error());
    login.emplace(std::move(*found));
    actor = call.actor;
    return {};
  });
  if (!taken.ok()) return taken;
  const auto grant = end_login(*login, *returned, actor, request_id_of(*context, admin_.clock));
  if (!grant) return to_status(grant.error());
  to_message(*grant, *response->mutable_grant());
  return grpc::Status::OK;
}

grpc::Status OAuthLoginServiceImpl::ReturnOAuthLogin(grpc::ServerContext* context,
                                                     const v1::ReturnOAuthLoginRequest* request,
                                                     v1::ReturnOAuthLoginResponse* response) {
  const oauth::Returned returned{Secret(request->code()), Secret(request->state()), request->error()};
  // Of another length it is not ours: nothing to look up.
  if (returned.state.reveal().size() != oauth::kStateLength || (returned.code.empty() && returned.error.empty())) {
    return to_status({ErrorCode::kInvalidArgument, "this address takes the redirects of OAuth providers only"});
  }
  auto login =
      db::in_transaction(admin_.pool, [&](db::Transaction& tx) { return oauth::take_login(vault_, tx, {}, returned); });
  if (!login) return to_status(login.error());
  const auto grant = end_login(*login, returned, login->row.actor, request_id_of(*context, admin_.clock));
  if (!grant) return to_status(grant.error());
  response->set_message("The account is logged in. You may close this page.");
  return grpc::Status::OK;
}

grpc::Status OAuthLoginServiceImpl::SetServiceAccountKey(grpc::ServerContext* context,
                                                         const v1::SetServiceAccountKeyRequest* request,
                                                         v1::SetServiceAccountKeyResponse* response) {
  oauth::Route route;
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto found = oauth::read_route(call.tx, admin_.vault, request->oauth_client_id(), request->account_id());
    if (!found) return std::unexpected(found.error());
    route = std::move(*found);
    return {};
  });
  if (!may.ok()) return may;
  const auto tokens = oauth::present_service_account(vault_, route, Secret(request->key_json()));
  if (!tokens) return to_status(tokens.error());
  const grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto stored = oauth::finish_login(vault_, call.tx, route, *tokens);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_grant());
    return call.audit("account.set_service_account", "account", stored->account_id, nullptr, &response->grant());
  });
  if (status.ok()) refresher_.wake();
  return status;
}

grpc::Status OAuthLoginServiceImpl::ListOAuthGrants(grpc::ServerContext* context,
                                                    const v1::ListOAuthGrantsRequest* request,
                                                    v1::ListOAuthGrantsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = store::list_oauth_grants(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::OAuthGrant& row : page->rows)
      to_message(row, *response->add_grants());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status OAuthLoginServiceImpl::GetOAuthGrant(grpc::ServerContext* context, const v1::GetOAuthGrantRequest* request,
                                                  v1::GetOAuthGrantResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto row = store::get_oauth_grant(call.tx, request->account_id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_grant());
    return {};
  });
}

grpc::Status OAuthLoginServiceImpl::RefreshOAuthGrant(grpc::ServerContext* context,
                                                      const v1::RefreshOAuthGrantRequest* request,
                                                      v1::RefreshOAuthGrantResponse* response) {
  const grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto due = store::make_refresh_due(call.tx, request->account_id(), call.clock.now());
    if (!due) return std::unexpected(due.error());
    auto row = store::get_oauth_grant(call.tx, request->account_id());
    if (!row) return std::unexpected(row.error());
    if (!*due) return fail(ErrorCode::kFailedPrecondition, "this login cannot be refreshed: log the account in again");
    to_message(*row, *response->mutable_grant());
    return call.audit("account.refresh_oauth", "account", row->account_id, nullptr, nullptr);
  });
  if (status.ok()) refresher_.wake();
  return status;
}

grpc::Status OAuthLoginServiceImpl::RefreshOAuthTiers(grpc::ServerContext* context,
                                                      const v1::RefreshOAuthTiersRequest* request,
                                                      v1::RefreshOAuthTiersResponse* response) {
  const grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (request->account_ids_size() > 1'000) return fail(ErrorCode::kInvalidArgument, "account_ids: at most 1000");
    const std::vector<std::string> ids(request->account_ids().begin(), request->account_ids().end());
    auto due = store::make_facts_due(call.tx, ids, call.clock.now());
    if (!due) return std::unexpected(due.error());
    response->set_accounts(*due);
    return call.audit("oauth_grants.refresh_tiers", "oauth_grants", "", nullptr, response);
  });
  if (status.ok()) refresher_.wake();
  return status;
}

}  // namespace sluice::api
