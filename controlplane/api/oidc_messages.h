// OpenID providers and identities as messages of the admin API. Any thread.
#pragma once

#include <string>

#include "common/base/status.h"
#include "controlplane/store/oidc_identities.h"
#include "controlplane/store/oidc_providers.h"
#include "sluice/admin/v1/oidc.pb.h"

namespace sluice::api {

// `redirect_url`: empty if nobody knows it yet.
void to_message(const store::OidcProvider& row, const std::string& redirect_url, admin::v1::OidcProvider& into);
void to_message(const store::OidcIdentity& row, admin::v1::Identity& into);
// Checks what it takes over; id, issuer, secret, etag and times stay.
[[nodiscard]] Result<> read_oidc_provider(const admin::v1::OidcProvider& provider, store::OidcProvider& into);

// What people who sign in are told when their provider failed: the cause is in the log, and TestOidcProvider tells it.
[[nodiscard]] Error provider_failed(const std::string& slug, const Error& cause);

}  // namespace sluice::api
