// Whom a provider's word lets in. The rules keep one account from being taken over through another's provider
// (docs/identity.md): an e-mail address leads only to plain users, and staff sign in only through what they tied to
// themselves. Blocking; any thread.
#pragma once

#include <optional>
#include <string>

#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oidc/id_token.h"
#include "controlplane/oidc/logins.h"
#include "controlplane/store/oidc_identities.h"
#include "controlplane/store/oidc_providers.h"
#include "controlplane/store/users.h"

namespace sluice::oidc {

// Who it is here, and what is to be written once he is in.
struct Known {
  store::User user;  // without an id: to be made
  std::string linked_by;
  std::optional<store::OidcIdentity> identity;  // there is already one
};

// Changes nothing. kPermissionDenied for everybody who may not come in: why is told only as far as it is his own.
[[nodiscard]] Result<Known> who_is(db::Transaction& tx, const store::OidcProvider& provider, const Person& person);

// Makes the user if there is none, and ties the subject to him. Returns the identity; `known.user` is as it is now.
[[nodiscard]] Result<store::OidcIdentity> let_in(const OidcContext& oidc, db::Transaction& tx,
                                                 const store::OidcProvider& provider, const Person& person,
                                                 Known& known);

// For somebody who is signed in. kAlreadyExists if the subject is another's.
[[nodiscard]] Result<store::OidcIdentity> link(const OidcContext& oidc, db::Transaction& tx,
                                               const store::OidcProvider& provider, const Person& person,
                                               const std::string& user_id);

}  // namespace sluice::oidc
