#include "common/crypto/api_key.h"

#include <fmt/format.h>

#include "common/base/random.h"

namespace sluice::crypto {

namespace {

constexpr std::size_t kPublicLength = 8;
constexpr std::size_t kRandomLength = 43;
constexpr std::size_t kChecksumLength = 6;
constexpr std::string_view kPrefix = "sk-";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string checksum(std::string_view text) {
  std::uint64_t value = 0;
  std::array<std::uint8_t, crypto_generichash_BYTES> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                     nullptr, 0);
  for (std::size_t i = 0; i < 8; ++i)
    value = (value << 8) | digest[i];
  std::string out(kChecksumLength, '0');
  for (char& c : out) {
    c = kAlphabet[value % kAlphabet.size()];
    value /= kAlphabet.size();
  }
  return out;
}

}  // namespace

ApiKeyHasher::ApiKeyHasher(const Key& pepper) : keyed_{} {
  crypto_auth_hmacsha256_init(&keyed_, pepper.data(), pepper.size());
}

std::array<std::uint8_t, 32> ApiKeyHasher::hash(std::string_view key) const {
  crypto_auth_hmacsha256_state state = keyed_;
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  std::array<std::uint8_t, 32> out{};
  crypto_auth_hmacsha256_final(&state, out.data());
  return out;
}

GeneratedApiKey generate_api_key() {
  GeneratedApiKey made;
  made.public_id = random_base62(kPublicLength);
  std::string text = fmt::format("{}{}-{}", kPrefix, made.public_id, random_base62(kRandomLength));
  text += checksum(text);
  made.last4 = text.substr(text.size() - 4);
  made.key = Secret(std::move(text));
  return made;
}

bool looks_like_api_key(std::string_view text) {
  constexpr std::size_t kLength = kPrefix.size() + kPublicLength + 1 + kRandomLength + kChecksumLength;
  if (text.size() != kLength || !text.starts_with(kPrefix) || text[kPrefix.size() + kPublicLength] != '-') return false;
  const std::string_view body = text.substr(0, kLength - kChecksumLength);
  return checksum(body) == text.substr(kLength - kChecksumLength);
}

Secret generate_admin_token() {
  return Secret("sat-" + random_base62(kRandomLength));
}

std::array<std::uint8_t, 32> token_hash(std::string_view token) {
  std::array<std::uint8_t, 32> out{};
  crypto_hash_sha256(out.data(), reinterpret_cast<const std::uint8_t*>(token.data()), token.size());
  return out;
}

}  // namespace sluice::crypto
