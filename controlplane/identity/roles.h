// Which scopes a role has. docs/identity.md shows the table. Pure; any thread.
#pragma once

#include "controlplane/identity/scopes.h"
#include "controlplane/store/enums.h"

namespace sluice::identity {

[[nodiscard]] Scopes scopes_of(store::Role role);

}  // namespace sluice::identity
