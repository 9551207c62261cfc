#include "controlplane/api/sign_in_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/api/session_messages.h"
#include "controlplane/api/staff_rules.h"
#include "controlplane/identity/sessions.h"
#include "controlplane/store/second_factors.h"
#include "controlplane/store/user_passwords.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

// Whom the caller may manage: who sets a person's password can become that person.
Result<store::User> managed_user(Call& call, const std::string& id) {
  auto user = live(store::get_user(call.tx, id), "user");
  if (!user) return user;
  if (Result<> may = may_manage(call.caller, user->role); !may) return std::unexpected(may.error());
  return user;
}

// For what takes one's password, or a code, to do to oneself: a stolen session must not be enough.
Result<store::User> other_user(Call& call, const std::string& id) {
  if (id == call.caller.user_id) {
    return fail(ErrorCode::kFailedPrecondition, "this is for others: change your own sign-in under /admin/v1/me/");
  }
  return managed_user(call, id);
}

Result<std::int32_t> end_sessions(Call& call, const std::string& user_id) {
  const auto ended = store::revoke_sessions(call.tx, user_id, "", call.clock.now());
  if (!ended) return std::unexpected(ended.error());
  return static_cast<std::int32_t>(*ended);
}

}  // namespace

grpc::Status SignInServiceImpl::SetUserPassword(grpc::ServerContext* context, const v1::SetUserPasswordRequest* request,
                                                v1::SetUserPasswordResponse* response) {
  const grpc::Status may = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = other_user(call, request->user_id());
    if (!user) return std::unexpected(user.error());
    return identity::check_password("password", request->password(), user->email);
  });
  if (!may.ok()) return may;
  const Result<std::string> hash = hasher_.hash(request->password());
  if (!hash) return to_status(hash.error());
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = other_user(call, request->user_id());
    if (!user) return std::unexpected(user.error());
    if (Result<> kept = store::set_password_hash(call.tx, user->id, *hash, call.clock.now()); !kept) return kept;
    const auto ended = end_sessions(call, user->id);
    if (!ended) return std::unexpected(ended.error());
    response->set_sessions_ended(*ended);
    return call.audit("user.set_password", "user", user->id, nullptr, response);
  });
}

grpc::Status SignInServiceImpl::ResetSecondFactor(grpc::ServerContext* context,
                                                  const v1::ResetSecondFactorRequest* request,
                                                  v1::ResetSecondFactorResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = other_user(call, request->user_id());
    if (!user) return std::unexpected(user.error());
    if (Result<> done = store::delete_second_factor(call.tx, user->id); !done) return done;
    const auto ended = end_sessions(call, user->id);
    if (!ended) return std::unexpected(ended.error());
    response->set_sessions_ended(*ended);
    return call.audit("user.reset_second_factor", "user", user->id, nullptr, response);
  });
}

grpc::Status SignInServiceImpl::ListUserSessions(grpc::ServerContext* context,
                                                 const v1::ListUserSessionsRequest* request,
                                                 v1::ListUserSessionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = store::get_user(call.tx, request->user_id());
    if (!user) return std::unexpected(user.error());
    const SystemTime now = call.clock.now();
    const auto page = store::list_sessions(call.tx, page_of(*request), user->id, now, now - identity::kSessionIdle);
    if (!page) return std::unexpected(page.error());
    for (const store::Session& row : page->rows)
      to_message(row, call.caller.session_id, *response->add_sessions());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status SignInServiceImpl::RevokeUserSessions(grpc::ServerContext* context,
                                                   const v1::RevokeUserSessionsRequest* request,
                                                   v1::RevokeUserSessionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto user = managed_user(call, request->user_id());
    if (!user) return std::unexpected(user.error());
    const auto ended = end_sessions(call, user->id);
    if (!ended) return std::unexpected(ended.error());
    response->set_sessions_ended(*ended);
    return call.audit("user.revoke_sessions", "user", user->id, nullptr, response);
  });
}

}  // namespace sluice::api
