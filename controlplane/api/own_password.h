// That somebody with a session is really its owner, where a stolen session must not be enough: he shows his password
// again. Found and counted in one transaction, hashed outside of any, confirmed in the next. Blocking; any thread.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "common/base/status.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/identity/login_limits.h"
#include "controlplane/identity/passwords.h"

namespace sluice::api {

// Who is signed in, and the hash of his password; an attempt counted.
struct Owner {
  std::string user_id;
  std::string email;
  std::string session_id;
  std::string hash;
  identity::Attempt attempt;
};

// kFailedPrecondition for callers with a token.
[[nodiscard]] Result<> require_session(const Call& call);

// Reads the caller, who must come with a session, and counts an attempt at his password.
[[nodiscard]] Result<> find_owner(Call& call, const grpc::ServerContext& context, Owner& owner);
[[nodiscard]] grpc::Status check_password_of(const identity::PasswordHasher& hasher, const Owner& owner,
                                             const std::string& password);
// That nothing changed since find_owner(); gives the attempt back.
[[nodiscard]] Result<> confirm_owner(Call& call, const Owner& owner);

}  // namespace sluice::api
