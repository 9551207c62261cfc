// Service accounts: a program's own identity, whose key signs a short-lived assertion that buys an access token (RFC
// 7523 section 2.1; Google's "Using OAuth 2.0 for Server to Server Applications"). The key stands where a login's
// refresh token stands, so everything else is as for logins. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/store/oauth_clients.h"

namespace sluice::oauth {

struct ServiceAccountKey {
  std::string email;
  std::string key_id;
  std::string token_url;
  Secret private_key_pem;
};

// Whether the sealed secret of a grant is such a key and no refresh token.
[[nodiscard]] bool is_service_account(const Secret& secret);
// The JSON file that the provider gives out. kInvalidArgument naming what is missing, never the key itself.
[[nodiscard]] Result<ServiceAccountKey> read_service_account(const Secret& json);
// Good for an hour from `now`, for this token endpoint alone. kInvalidArgument if the key cannot sign RS256.
[[nodiscard]] Result<Secret> make_assertion(const ServiceAccountKey& key, const std::vector<std::string>& scopes,
                                            SystemTime now);

// The same of a key file, if its token endpoint is the client's: the assertion goes nowhere else.
[[nodiscard]] Result<Secret> service_account_assertion(const store::OAuthClient& client, const Secret& key_json,
                                                       const std::vector<std::string>& scopes, SystemTime now);

}  // namespace sluice::oauth
