#include "controlplane/api/identities_service.h"

#include <optional>
#include <utility>

#include "controlplane/api/convert.h"
#include "controlplane/api/identity_notice.h"
#include "controlplane/api/oidc_messages.h"
#include "controlplane/api/own_password.h"
#include "controlplane/api/staff_rules.h"
#include "controlplane/oidc/people.h"
#include "controlplane/store/user_passwords.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

template <class Response>
Result<> list_into(Call& call, const std::string& user_id, Response& response) {
  const auto all = store::list_oidc_identities(call.tx, user_id);
  if (!all) return std::unexpected(all.error());
  for (const store::OidcIdentity& row : *all)
    to_message(row, *response.add_identities());
  return {};
}

Result<> note_unlinked(Call& call, const store::OidcIdentity& was) {
  v1::Identity before;
  to_message(was, before);
  return call.audit("identity.unlink", "user", was.user_id, &before, nullptr);
}

// Who loses all of them nevertheless, by two calls at once, gets a password by mail or from staff.
Result<> check_not_the_last(Call& call, const std::string& user_id) {
  const auto hash = store::get_password_hash(call.tx, user_id);
  if (!hash) return std::unexpected(hash.error());
  if (!hash->empty()) return {};
  const auto all = store::list_oidc_identities(call.tx, user_id);
  if (!all) return std::unexpected(all.error());
  if (all->size() > 1) return {};
  return fail(ErrorCode::kFailedPrecondition, "this is your only way in: set a password first");
}

}  // namespace

grpc::Status IdentityServiceImpl::ListIdentities(grpc::ServerContext* context, const v1::ListIdentitiesRequest* request,
                                                 v1::ListIdentitiesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = require_session(call); !has) return has;
    return list_into(call, call.caller.user_id, *response);
  });
}

grpc::Status IdentityServiceImpl::BeginLinkIdentity(grpc::ServerContext* context,
                                                    const v1::BeginLinkIdentityRequest* request,
                                                    v1::BeginLinkIdentityResponse* response) {
  Owner owner;
  store::OidcProvider provider;
  const grpc::Status found = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = find_owner(call, *context, owner); !has) return has;
    if (owner.hash.empty()) {
      return fail(ErrorCode::kFailedPrecondition, "you have no password yet: set one first");
    }
    auto row = store::find_oidc_provider(call.tx, request->slug());
    if (!row) return std::unexpected(row.error());
    provider = std::move(*row);
    return {};
  });
  if (!found.ok()) return found;
  if (grpc::Status right = check_password_of(hasher_, owner, request->current_password()); !right.ok()) return right;
  const auto issuer = oidc_.issuers.find(provider.issuer);
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> same = confirm_owner(call, owner); !same) return same;
    if (!issuer) return std::unexpected(provider_failed(provider.slug, issuer.error()));
    const auto started = oidc::start_login(oidc_, call.tx, provider, *issuer,
                                           {.purpose = store::OidcPurpose::kLink, .user_id = owner.user_id});
    if (!started) return std::unexpected(started.error());
    response->set_authorization_url(started->authorization_url);
    response->set_state(std::string(started->state.reveal()));
    response->set_binding(std::string(started->binding.reveal()));
    set_time(response->mutable_expires_at(), started->expires_at);
    return {};
  });
}

grpc::Status IdentityServiceImpl::LinkIdentity(grpc::ServerContext* context, const v1::LinkIdentityRequest* request,
                                               v1::LinkIdentityResponse* response) {
  const oidc::Returned returned{.state = Secret(request->state()),
                                .binding = Secret(request->binding()),
                                .code = Secret(request->code()),
                                .issuer = request->issuer()};
  oidc::Taken taken;
  std::string user_id;
  const grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = require_session(call); !has) return has;
    if (Result<> given = require("code", request->code()); !given) return given;
    user_id = call.caller.user_id;
    auto row = oidc::take_login(oidc_, call.tx, returned, {.purpose = store::OidcPurpose::kLink, .user_id = user_id});
    if (!row) return std::unexpected(row.error());
    taken = std::move(*row);
    return {};
  });
  if (!status.ok()) return status;
  const auto person = oidc::ask_provider(oidc_, taken, returned);
  if (!person) return to_status(provider_failed(taken.provider.slug, person.error()));
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    // Asked again: the session may have ended meanwhile.
    if (call.caller.user_id != user_id) return fail(ErrorCode::kPermissionDenied, "this is another's sign-in");
    const auto identity = oidc::link(oidc_, call.tx, taken.provider, *person, user_id);
    if (!identity) return std::unexpected(identity.error());
    if (Result<> dropped = store::drop_oidc_login(call.tx, taken.login.id); !dropped) return dropped;
    to_message(*identity, *response->mutable_identity());
    return note_linked(call, admin_.vault, *identity);
  });
}

grpc::Status IdentityServiceImpl::UnlinkIdentity(grpc::ServerContext* context, const v1::UnlinkIdentityRequest* request,
                                                 v1::UnlinkIdentityResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = require_session(call); !has) return has;
    if (Result<> fine = check_not_the_last(call, call.caller.user_id); !fine) return fine;
    const auto was = store::unlink_oidc_identity(call.tx, request->id(), call.caller.user_id);
    if (!was) return std::unexpected(was.error());
    return note_unlinked(call, *was);
  });
}

grpc::Status IdentityServiceImpl::ListUserIdentities(grpc::ServerContext* context,
                                                     const v1::ListUserIdentitiesRequest* request,
                                                     v1::ListUserIdentitiesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = store::get_user(call.tx, request->user_id());
    if (!user) return std::unexpected(user.error());
    return list_into(call, user->id, *response);
  });
}

grpc::Status IdentityServiceImpl::UnlinkUserIdentity(grpc::ServerContext* context,
                                                     const v1::UnlinkUserIdentityRequest* request,
                                                     v1::UnlinkUserIdentityResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = live(store::get_user(call.tx, request->user_id()), "user");
    if (!user) return std::unexpected(user.error());
    if (Result<> may = may_manage(call.caller, user->role); !may) return may;
    const auto was = store::forget_oidc_identity(call.tx, request->id(), user->id);
    if (!was) return std::unexpected(was.error());
    return note_unlinked(call, *was);
  });
}

}  // namespace sluice::api
