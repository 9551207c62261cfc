// The shape of our API keys: "sk-" + 8 characters of public id + 43 random characters + 6 of checksum, all base62.
// The checksum lets us and secret scanners tell a typo from a key without a look-up. Free functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

struct NewApiKey {
  Secret key;             // shown once, never stored
  std::string public_id;  // names the key in lists and logs
  std::string last4;
};

[[nodiscard]] NewApiKey generate_api_key();

// A key that somebody brings along: 24 to 200 printable ASCII characters without spaces, 10 different ones at least. It
// is found by a fast hash, so it must be hard to guess; this keeps out what certainly is not.
[[nodiscard]] Result<NewApiKey> adopt_api_key(std::string_view key);

// Views into the key that was parsed.
struct ApiKeyParts {
  std::string_view public_id;
  std::string_view last4;
};

// nullopt unless length, alphabet and checksum are right.
[[nodiscard]] std::optional<ApiKeyParts> parse_api_key(std::string_view key);

}  // namespace sluice::crypto
