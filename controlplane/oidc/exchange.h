// From the code of a redirect to a person: the token endpoint, then the ID token. Blocking; any thread, never in a
// transaction.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/oidc/id_token.h"
#include "controlplane/oidc/issuers.h"

namespace sluice::oidc {

struct CodeGrant {
  std::string client_id;
  Secret client_secret;  // empty for a public client
  std::string redirect_url;
  Secret code;
  Secret verifier;  // PKCE
};

// The ID token. kUnavailable if the provider is away; kFailedPrecondition if it does not want the code or the client.
// The code is spent, whatever comes.
[[nodiscard]] Result<Secret> exchange_code(Issuers& issuers, const Issuer& issuer, const CodeGrant& grant);

// Checks signature and claims; an unknown key makes it read the issuer's keys once more.
[[nodiscard]] Result<Person> read_id_token(Issuers& issuers, const Issuer& issuer, const Secret& token,
                                           const Expected& expected, SystemTime now);

}  // namespace sluice::oidc
