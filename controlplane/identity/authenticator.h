// Who calls the admin API: the bootstrap token from a file, an admin token, or the session of a browser. Deny by
// default. Blocking (tokens are looked up); any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/identity/scopes.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/users.h"

namespace sluice::identity {

// Who calls, and what he may do.
struct Caller {
  // In the audit log: "bootstrap", the user's id, or "anonymous".
  std::string actor = "anonymous";
  // Empty for the bootstrap token and for strangers.
  std::string user_id = {};
  store::Role role = store::Role::kUser;
  Scopes scopes = {};
  // Of the session, if he came by one.
  std::string session_id = {};
};

// What a call shows; empty where it shows nothing.
struct Credentials {
  std::string authorization;  // "Bearer ..."
  std::string session;        // the session's token
  std::string csrf;           // what a page sends with calls that change something

  [[nodiscard]] bool empty() const;
};

class Authenticator {
 public:
  Authenticator(Secret bootstrap_token, const Clock& clock)
      : bootstrap_token_(std::move(bootstrap_token)), clock_(clock) {}

  // A bearer token goes before a session. kUnauthenticated for everything that is neither a live token nor a live
  // session; kPermissionDenied for a live token of a user who is not active, and for a session that changes something
  // (`safe` is false) without its CSRF token.
  [[nodiscard]] Result<Caller> authenticate(db::Transaction& tx, const Credentials& credentials, bool safe) const;

  // True without a look-up.
  [[nodiscard]] bool is_bootstrap(std::string_view token) const;

 private:
  [[nodiscard]] Result<Caller> by_token(db::Transaction& tx, std::string_view token) const;
  [[nodiscard]] Result<Caller> by_session(db::Transaction& tx, const Credentials& credentials, bool safe) const;

  Secret bootstrap_token_;
  const Clock& clock_;
};

// What a caller without a live token is told.
[[nodiscard]] Error token_required();

// "Bearer x" -> "x"; empty if it is no bearer token.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

}  // namespace sluice::identity
