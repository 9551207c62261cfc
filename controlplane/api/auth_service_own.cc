// What people do with their own sessions, passwords and second factors.
#include "controlplane/api/auth_service.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/own_password.h"
#include "controlplane/api/session_cookie.h"
#include "controlplane/api/session_messages.h"
#include "controlplane/identity/second_factor.h"
#include "controlplane/identity/sessions.h"
#include "controlplane/identity/totp.h"
#include "controlplane/store/second_factors.h"
#include "controlplane/store/user_passwords.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace v1 = admin::v1;

grpc::Status AuthServiceImpl::Logout(grpc::ServerContext* context, const v1::LogoutRequest* request,
                                     v1::LogoutResponse* response) {
  grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = require_session(call); !has) return has;
    const std::string& id = call.caller.session_id;
    if (Result<> done = store::revoke_session(call.tx, id, call.clock.now()); !done) return done;
    return call.audit("session.revoke", "session", id, nullptr, nullptr);
  });
  if (status.ok()) context->AddTrailingMetadata(kClearSessionMetadata, "true");
  return status;
}

grpc::Status AuthServiceImpl::GetSession(grpc::ServerContext* context, const v1::GetSessionRequest* request,
                                         v1::GetSessionResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = store::get_user(call.tx, call.caller.user_id);
    if (!user) return std::unexpected(user.error());
    response->set_user_id(user->id);
    response->set_email(user->email);
    response->set_display_name(user->display_name);
    response->set_role(std::string(store::name(user->role)));
    for (std::string& scope : call.caller.scopes.list())
      response->add_scopes(std::move(scope));
    const auto second = identity::has_second_factor(call.tx, user->id);
    if (!second) return std::unexpected(second.error());
    response->set_second_factor(*second);
    const auto left = store::count_recovery_codes(call.tx, user->id);
    if (!left) return std::unexpected(left.error());
    response->set_recovery_codes_left(*left);
    if (call.caller.session_id.empty()) return {};
    const auto session = store::get_session(call.tx, call.caller.session_id);
    if (!session) return std::unexpected(session.error());
    to_message(*session, session->id, *response->mutable_session());
    response->set_csrf_token(std::string(identity::csrf_token(credentials_of(*context).session).reveal()));
    return {};
  });
}

grpc::Status AuthServiceImpl::ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                                           v1::ListSessionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const SystemTime now = call.clock.now();
    const auto page =
        store::list_sessions(call.tx, page_of(*request), call.caller.user_id, now, now - identity::kSessionIdle);
    if (!page) return std::unexpected(page.error());
    for (const store::Session& row : page->rows)
      to_message(row, call.caller.session_id, *response->add_sessions());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AuthServiceImpl::RevokeSession(grpc::ServerContext* context, const v1::RevokeSessionRequest* request,
                                            v1::RevokeSessionResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto session = store::get_session(call.tx, request->id());
    if (!session) return std::unexpected(session.error());
    if (session->user_id != call.caller.user_id) {
      return fail(ErrorCode::kNotFound, "no session with the id " + request->id());
    }
    if (Result<> done = store::revoke_session(call.tx, session->id, call.clock.now()); !done) return done;
    return call.audit("session.revoke", "session", session->id, nullptr, nullptr);
  });
}

grpc::Status AuthServiceImpl::ChangePassword(grpc::ServerContext* context, const v1::ChangePasswordRequest* request,
                                             v1::ChangePasswordResponse* response) {
  Owner owner;
  const grpc::Status found = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = find_owner(call, *context, owner); !has) return has;
    return identity::check_password("new_password", request->new_password(), owner.email);
  });
  if (!found.ok()) return found;
  if (grpc::Status right = check_password_of(hasher_, owner, request->current_password()); !right.ok()) return right;
  const Result<std::string> hash = hasher_.hash(request->new_password());
  if (!hash) return to_status(hash.error());
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> same = confirm_owner(call, owner); !same) return same;
    const SystemTime now = call.clock.now();
    if (Result<> kept = store::set_password_hash(call.tx, owner.user_id, *hash, now); !kept) return kept;
    const auto ended = store::revoke_sessions(call.tx, owner.user_id, owner.session_id, now);
    if (!ended) return std::unexpected(ended.error());
    response->set_sessions_ended(static_cast<std::int32_t>(*ended));
    return call.audit("user.change_password", "user", owner.user_id, nullptr, response);
  });
}

grpc::Status AuthServiceImpl::BeginTotp(grpc::ServerContext* context, const v1::BeginTotpRequest* request,
                                        v1::BeginTotpResponse* response) {
  Owner owner;
  const grpc::Status found = run(admin_, context, *request, *response,
                                 [&](Call& call) -> Result<> { return find_owner(call, *context, owner); });
  if (!found.ok()) return found;
  if (grpc::Status right = check_password_of(hasher_, owner, request->current_password()); !right.ok()) return right;
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> same = confirm_owner(call, owner); !same) return same;
    const Result<Secret> secret = identity::begin_totp(call.tx, admin_.vault, owner.user_id);
    if (!secret) return std::unexpected(secret.error());
    response->set_otpauth_uri(std::string(identity::totp_uri(*secret, owner.email).reveal()));
    response->set_secret(identity::base32(secret->reveal()));
    return call.audit("user.begin_second_factor", "user", owner.user_id, nullptr, nullptr);
  });
}

grpc::Status AuthServiceImpl::ConfirmTotp(grpc::ServerContext* context, const v1::ConfirmTotpRequest* request,
                                          v1::ConfirmTotpResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> has = require_session(call); !has) return has;
    const std::string& user = call.caller.user_id;
    auto codes = identity::confirm_totp(call.tx, admin_.vault, call.clock, user, request->code());
    if (!codes) return std::unexpected(codes.error());
    for (std::string& code : *codes)
      response->add_recovery_codes(std::move(code));
    return call.audit("user.confirm_second_factor", "user", user, nullptr, nullptr);
  });
}

grpc::Status AuthServiceImpl::DisableTotp(grpc::ServerContext* context, const v1::DisableTotpRequest* request,
                                          v1::DisableTotpResponse* response) {
  Owner owner;
  const grpc::Status found = run(admin_, context, *request, *response,
                                 [&](Call& call) -> Result<> { return find_owner(call, *context, owner); });
  if (!found.ok()) return found;
  if (grpc::Status right = check_password_of(hasher_, owner, request->current_password()); !right.ok()) return right;
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> same = confirm_owner(call, owner); !same) return same;
    const auto used = identity::use_code(call.tx, admin_.vault, call.clock, owner.user_id, request->code());
    if (!used) return std::unexpected(used.error());
    if (!*used) return fail(ErrorCode::kInvalidArgument, "code: it is not right, or was used before");
    if (Result<> done = store::delete_second_factor(call.tx, owner.user_id); !done) return done;
    return call.audit("user.end_second_factor", "user", owner.user_id, nullptr, nullptr);
  });
}

}  // namespace sluice::api
