#include "common/crypto/api_key.h"

#include <sodium.h>

#include "common/crypto/secret_file.h"

namespace sluice::crypto {

// The hash state after the pepper went in: copying it saves two of the four compressions of each HMAC.
struct ApiKeyHasher::State {
  crypto_auth_hmacsha256_state keyed;
  ~State() { sodium_memzero(&keyed, sizeof(keyed)); }
};

ApiKeyHasher::ApiKeyHasher(const Secret& pepper) {
  auto state = std::make_unique<State>();
  const std::string_view bytes = pepper.reveal();
  crypto_auth_hmacsha256_init(&state->keyed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  state_ = std::move(state);
}

ApiKeyHasher::ApiKeyHasher(ApiKeyHasher&&) noexcept = default;
ApiKeyHasher& ApiKeyHasher::operator=(ApiKeyHasher&&) noexcept = default;
ApiKeyHasher::~ApiKeyHasher() = default;

Result<ApiKeyHasher> ApiKeyHasher::from_file(const std::filesystem::path& path) {
  Result<Secret> pepper = read_key_file(path, "pepper");
  if (!pepper) return std::unexpected(pepper.error());
  return ApiKeyHasher(*pepper);
}

ApiKeyHash ApiKeyHasher::hash(std::string_view key) const {
  crypto_auth_hmacsha256_state state = state_->keyed;
  ApiKeyHash result;
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_auth_hmacsha256_final(&state, result.data());
  sodium_memzero(&state, sizeof(state));
  return result;
}

}  // namespace sluice::crypto
