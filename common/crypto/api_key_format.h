// The shape of our API keys: "sk-" + 8 characters of public id + 43 random characters + 6 of checksum, all base62.
// The checksum lets us and secret scanners tell a typo from a key without a look-up. Free functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.h"

namespace sluice::crypto {

struct NewApiKey {
  Secret key;             // shown once, never stored
  std::string public_id;  // names the key in lists and logs
  std::string last4;
};

[[nodiscard]] NewApiKey generate_api_key();

// Views into the key that was parsed.
struct ApiKeyParts {
  std::string_view public_id;
  std::string_view last4;
};

// nullopt unless length, alphabet and checksum are right.
[[nodiscard]] std::optional<ApiKeyParts> parse_api_key(std::string_view key);

}  // namespace sluice::crypto
