// Tells a person that there is a new way into his account. Blocking; any thread.
#pragma once

#include <string>

#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/store/oidc_identities.h"

namespace sluice::api {

// A record of it, and a mail if the installation sends any and the person has an address.
[[nodiscard]] Result<> note_linked(Call& call, const crypto::Vault& vault, const store::OidcIdentity& identity);

}  // namespace sluice::api
