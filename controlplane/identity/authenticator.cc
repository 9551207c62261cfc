#include "controlplane/identity/authenticator.h"

#include "common/crypto/digest.h"
#include "controlplane/identity/roles.h"
#include "controlplane/identity/sessions.h"
#include "controlplane/store/admin_tokens.h"

namespace sluice::identity {

Error token_required() {
  return {ErrorCode::kUnauthenticated, "an admin token is required, as authorization: Bearer TOKEN"};
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower != kScheme[i]) return {};
  }
  return authorization.substr(kScheme.size());
}

bool Authenticator::is_bootstrap(std::string_view token) const {
  return !bootstrap_token_.empty() && crypto::constant_time_equal(token, bootstrap_token_.reveal());
}

bool Credentials::empty() const {
  return bearer_token(authorization).empty() && session.empty();
}

Result<Caller> Authenticator::by_token(db::Transaction& tx, std::string_view token) const {
  if (is_bootstrap(token)) {
    return Caller{.actor = "bootstrap", .role = store::Role::kOwner, .scopes = Scopes::all()};
  }
  const auto found = store::find_admin_token(tx, crypto::token_hash(token));
  if (!found) {
    if (found.error().code == ErrorCode::kNotFound) return std::unexpected(token_required());
    return std::unexpected(found.error());
  }
  const SystemTime now = clock_.now();
  if (found->revoked_at || (found->expires_at && *found->expires_at <= now)) return std::unexpected(token_required());
  const auto user = store::get_user(tx, found->user_id);
  if (!user) return std::unexpected(user.error());
  if (user->status != store::Status::kActive) {
    return fail(ErrorCode::kPermissionDenied, "the user of this token is not active");
  }
  if (Result<> noted = store::note_admin_token_used(tx, found->id, now); !noted) return std::unexpected(noted.error());
  Caller caller{.actor = user->id, .user_id = user->id, .role = user->role, .scopes = scopes_of(user->role)};
  if (found->scopes) {
    // A scope that this build does not know gives nothing.
    const auto narrowed = Scopes::parse(*found->scopes);
    caller.scopes = narrowed ? caller.scopes & *narrowed : Scopes();
  }
  return caller;
}

Result<Caller> Authenticator::by_session(db::Transaction& tx, const Credentials& credentials, bool safe) const {
  const auto found = find_session(tx, credentials.session, clock_);
  if (!found) return std::unexpected(found.error());
  if (!safe && !found->csrf_matches(credentials.csrf)) {
    return fail(ErrorCode::kPermissionDenied, "x-csrf-token: must be the one of your session (GetSession tells it)");
  }
  return Caller{.actor = found->user.id,
                .user_id = found->user.id,
                .role = found->user.role,
                .scopes = scopes_of(found->user.role),
                .session_id = found->session.id};
}

Result<Caller> Authenticator::authenticate(db::Transaction& tx, const Credentials& credentials, bool safe) const {
  const std::string_view token = bearer_token(credentials.authorization);
  if (!token.empty()) return by_token(tx, token);
  if (!credentials.session.empty()) return by_session(tx, credentials, safe);
  return std::unexpected(token_required());
}

}  // namespace sluice::identity
