// Signed tokens (JWS, compact) and the keys that sign them (JWK): RS256 and ES256, nothing else. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

struct evp_pkey_st;

namespace sluice::oidc {

inline constexpr std::size_t kLongestToken = 32 * 1024;
inline constexpr std::size_t kMostKeys = 64;

enum class Algorithm { kRs256, kEs256 };

struct PublicKey {
  std::string id;  // "kid"; may be empty
  Algorithm algorithm = Algorithm::kRs256;
  std::shared_ptr<evp_pkey_st> key;
};

// The keys of a JWK set that can verify: RSA of 2048 to 8192 bits, and P-256. Others are passed over, so a set may have
// keys of a future kind. kInvalidArgument if it is no key set.
[[nodiscard]] Result<std::vector<PublicKey>> parse_keys(std::string_view json);

struct SignedToken {
  Algorithm algorithm = Algorithm::kRs256;
  std::string key_id;  // empty if it names none
  std::string signed_text;
  std::string signature;
  boost::json::object claims;  // to be believed only after verify()
};

// kUnauthenticated for what is no token of ours: another algorithm ("none", HS256 ...), critical extensions, damage.
[[nodiscard]] Result<SignedToken> parse_token(std::string_view token);

// The key that the token names; if it names none, the only one of its algorithm. Null if there is none.
[[nodiscard]] const PublicKey* key_for(const SignedToken& token, const std::vector<PublicKey>& keys);
[[nodiscard]] bool verify(const SignedToken& token, const PublicKey& key);

}  // namespace sluice::oidc
