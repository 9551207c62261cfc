// The texts of the authorization code flow: states, PKCE, URLs, and what people paste back. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/store/oauth_clients.h"

namespace sluice::oauth {

// 256 random bits, URL-safe.
inline constexpr std::size_t kStateLength = 43;
[[nodiscard]] std::string random_text();
// RFC 7636, S256.
[[nodiscard]] std::string pkce_challenge(std::string_view verifier);

// application/x-www-form-urlencoded.
[[nodiscard]] std::string form(std::span<const std::pair<std::string, std::string>> fields);

// Where the operator's browser goes.
[[nodiscard]] std::string authorize_url(const store::OAuthClient& client, std::string_view state,
                                        std::string_view challenge);

// What came back from the provider by way of a person.
struct Returned {
  Secret code;
  Secret state;       // empty if only a code was pasted
  std::string error;  // the provider's, instead of a code
};
// The whole redirect URL, its query, "code#state", or a code alone. kInvalidArgument if there is no code in it.
[[nodiscard]] Result<Returned> parse_pasted(std::string_view text);

}  // namespace sluice::oauth
