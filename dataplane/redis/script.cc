#include "dataplane/redis/script.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "common/base/hex.h"

namespace sluice::redis {

Script::Script(std::string_view source) : source_(source) {
  std::array<std::uint8_t, 20> digest;
  if (EVP_Digest(source.data(), source.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) std::abort();
  sha_ = to_hex(digest);
}

}  // namespace sluice::redis
