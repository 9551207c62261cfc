#include "common/crypto/digest.h"

#include <sodium.h>

#include "common/base/hex.h"

namespace sluice::crypto {

Sha256 sha256(std::string_view bytes) {
  Sha256 result;
  crypto_hash_sha256(result.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return result;
}

std::string token_hash(std::string_view token) {
  return to_hex(sha256(token));
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice::crypto
