// Nobody gives away, or takes away, more than he has: what staff may do to staff. Pure; any thread.
#pragma once

#include "common/base/status.h"
#include "controlplane/identity/authenticator.h"
#include "controlplane/identity/scopes.h"
#include "controlplane/store/enums.h"

namespace sluice::api {

// Whether the caller may make, change or remove a user of this role. kPermissionDenied otherwise.
[[nodiscard]] Result<> may_manage(const identity::Caller& caller, store::Role role);

// Whether the caller may hand out these scopes, as a token.
[[nodiscard]] Result<> may_give(const identity::Caller& caller, identity::Scopes scopes);

}  // namespace sluice::api
