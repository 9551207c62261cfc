// How every sign-in ends, once it is known who it is: the second factor, then the session. Blocking; any thread.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/api/session_cookie.h"
#include "controlplane/identity/login_limits.h"
#include "controlplane/identity/sessions.h"
#include "sluice/admin/v1/auth.pb.h"

namespace sluice::api {

struct SignIn {
  std::string user_id;
  // The second factor; empty if none was given.
  std::string code;
  identity::ClientInfo client;
  // Given back unless the code is wrong.
  identity::Attempt attempt = {};
};

struct SignedIn {
  bool second_factor_needed = false;  // and no session
  admin::v1::Session session;
  std::string csrf_token;
  Secret token;
};

// In the transaction of the call, whose actor becomes the user. kUnauthenticated for a wrong code.
[[nodiscard]] Result<SignedIn> begin_session(Call& call, const crypto::Vault& vault, const SignIn& sign_in);

// After the transaction: fills the answer, which has LoginResponse's fields, and hands out the token.
template <class Response>
void hand_over(grpc::ServerContext& context, const SignedIn& done, bool return_token, Response& response) {
  response.set_second_factor_needed(done.second_factor_needed);
  if (done.token.empty()) return;
  *response.mutable_session() = done.session;
  response.set_csrf_token(done.csrf_token);
  if (return_token) {
    response.set_session_token(std::string(done.token.reveal()));
  } else {
    context.AddTrailingMetadata(kSetSessionMetadata, std::string(done.token.reveal()));
  }
}

}  // namespace sluice::api
