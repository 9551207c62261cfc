// Who calls the admin API: the bootstrap token from a file, or an admin token of a user with the role admin. Deny by
// default. Blocking (an admin token is looked up); any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::identity {

// The caller's name in the audit log: "bootstrap" or the user's id.
struct Caller {
  std::string actor;
};

class Authenticator {
 public:
  Authenticator(Secret bootstrap_token, const Clock& clock)
      : bootstrap_token_(std::move(bootstrap_token)), clock_(clock) {}

  // `authorization` is the field's value, "Bearer ...". kUnauthenticated for everything that is not a live token;
  // kPermissionDenied for a live token of a user who is no active admin.
  [[nodiscard]] Result<Caller> authenticate(db::Transaction& tx, std::string_view authorization) const;

  // True without a look-up: what a call without any valid form of credential costs.
  [[nodiscard]] bool is_bootstrap(std::string_view token) const;

 private:
  Secret bootstrap_token_;
  const Clock& clock_;
};

// What a caller without a live token is told.
[[nodiscard]] Error token_required();

// "Bearer x" -> "x"; empty if it is no bearer token.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

}  // namespace sluice::identity
