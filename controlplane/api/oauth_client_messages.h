// OAuth clients between rows and the admin API's messages. Pure, but for check_endpoints(), which resolves names; any
// thread.
#pragma once

#include "common/base/status.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/store/oauth_clients.h"
#include "sluice/admin/v1/oauth_clients.pb.h"

namespace sluice::api {

void to_message(const store::OAuthClient& row, admin::v1::OAuthClient& into);

// Everything but id, secret, revision and times; kInvalidArgument naming the field.
[[nodiscard]] Result<> read_oauth_client(const admin::v1::OAuthClient& client, store::OAuthClient& into);

// Whether the control plane may call the client's endpoints. kInvalidArgument naming the field.
[[nodiscard]] Result<> check_endpoints(const store::OAuthClient& client, const accounts::BaseUrlGuard& guard);

// Endpoints and scopes of known providers.
void add_presets(admin::v1::ListOAuthPresetsResponse& into);

}  // namespace sluice::api
