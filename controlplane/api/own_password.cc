#include "controlplane/api/own_password.h"

#include <utility>

#include "controlplane/api/session_messages.h"
#include "controlplane/store/user_passwords.h"
#include "controlplane/store/users.h"

namespace sluice::api {

Result<> require_session(const Call& call) {
  if (!call.caller.session_id.empty()) return {};
  return fail(ErrorCode::kFailedPrecondition, "this is for people who have signed in: a token is not enough");
}

Result<> find_owner(Call& call, const grpc::ServerContext& context, Owner& owner) {
  if (Result<> has = require_session(call); !has) return has;
  const auto user = store::get_user(call.tx, call.caller.user_id);
  if (!user) return std::unexpected(user.error());
  auto hash = store::get_password_hash(call.tx, user->id);
  if (!hash) return std::unexpected(hash.error());
  auto attempt = identity::count_attempt(call.tx, call.clock, user->id, user->email, client_of(context).network);
  if (!attempt) return std::unexpected(attempt.error());
  owner = {.user_id = user->id,
           .email = user->email,
           .session_id = call.caller.session_id,
           .hash = std::move(*hash),
           .attempt = std::move(*attempt)};
  return {};
}

grpc::Status check_password_of(const identity::PasswordHasher& hasher, const Owner& owner,
                               const std::string& password) {
  const Result<bool> right = hasher.verify(owner.hash, password);
  if (!right) return to_status(right.error());
  if (!*right) return to_status({ErrorCode::kInvalidArgument, "current_password: it is not right"});
  return grpc::Status::OK;
}

Result<> confirm_owner(Call& call, const Owner& owner) {
  const auto hash = store::get_password_hash(call.tx, owner.user_id);
  if (!hash) return std::unexpected(hash.error());
  if (*hash != owner.hash || call.caller.user_id != owner.user_id) {
    return fail(ErrorCode::kFailedPrecondition, "the password was changed meanwhile");
  }
  return identity::give_back(call.tx, owner.attempt);
}

}  // namespace sluice::api
