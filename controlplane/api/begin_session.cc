#include "controlplane/api/begin_session.h"

#include <utility>

#include "controlplane/api/session_messages.h"
#include "controlplane/identity/second_factor.h"

namespace sluice::api {

Result<SignedIn> begin_session(Call& call, const crypto::Vault& vault, const SignIn& sign_in) {
  call.actor = sign_in.user_id;
  SignedIn done;
  const Result<bool> second = identity::has_second_factor(call.tx, sign_in.user_id);
  if (!second) return std::unexpected(second.error());
  if (*second && sign_in.code.empty()) {
    done.second_factor_needed = true;
    if (Result<> given = identity::give_back(call.tx, sign_in.attempt); !given) return std::unexpected(given.error());
    return done;
  }
  if (*second) {
    const auto right = identity::use_code(call.tx, vault, call.clock, sign_in.user_id, sign_in.code);
    if (!right) return std::unexpected(right.error());
    if (!*right) return fail(ErrorCode::kUnauthenticated, "the code is not right, or was used before");
  }
  auto session = identity::start_session(call.tx, call.clock, sign_in.user_id, *second, sign_in.client);
  if (!session) return std::unexpected(session.error());
  to_message(session->row, session->row.id, done.session);
  if (Result<> kept = call.audit("session.create", "session", session->row.id, nullptr, &done.session); !kept) {
    return std::unexpected(kept.error());
  }
  done.csrf_token = identity::csrf_token(session->token.reveal()).reveal();
  done.token = std::move(session->token);
  if (Result<> given = identity::give_back(call.tx, sign_in.attempt); !given) return std::unexpected(given.error());
  return done;
}

}  // namespace sluice::api
