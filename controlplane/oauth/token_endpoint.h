// Requests to a provider's token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 7523). Blocking; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/oauth/fetch.h"
#include "controlplane/store/oauth_clients.h"

namespace sluice::oauth {

struct Tokens {
  Secret access;
  Secret refresh;  // empty if the provider gave none: the old one stays
  std::optional<std::chrono::seconds> lifetime;
  std::vector<std::string> scopes;  // empty if it did not say
};

struct TokenFailure {
  enum class Kind : std::uint8_t {
    kInvalidGrant,  // the code or refresh token is not, or no longer, good
    kRefused,       // the client, its scopes or its configuration: trying again soon does not help
    kBusy,          // 429, 5xx, or not reached: nothing was changed
    kLost,          // sent, and no usable answer came: the provider may have rotated the refresh token
  };
  Kind kind = Kind::kBusy;
  std::string reason;  // without secrets
  std::optional<std::chrono::seconds> retry_after = {};
};

// How to reach it: the client with its opened secret, and the way out.
struct TokenEndpoint {
  const store::OAuthClient& client;
  const Secret& client_secret;
  const std::vector<FetchProxy>& proxies;
  const FetchOptions& options;
};

using TokenResult = std::expected<Tokens, TokenFailure>;

[[nodiscard]] TokenResult exchange_code(const TokenEndpoint& endpoint, const Secret& code, const Secret& state,
                                        const Secret& verifier);
[[nodiscard]] TokenResult refresh(const TokenEndpoint& endpoint, const Secret& refresh_token);
// RFC 7523 section 2.1: service_account.h makes assertions. Gives no refresh token.
[[nodiscard]] TokenResult present(const TokenEndpoint& endpoint, const Secret& assertion);

}  // namespace sluice::oauth
