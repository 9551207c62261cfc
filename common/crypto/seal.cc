#include "common/crypto/seal.h"

#include <sodium.h>

#include <cstdlib>
#include <span>

#include "common/base/random.h"

namespace sluice::crypto {

namespace {

// Layout: format (1) | key version, big endian (4) | nonce (24) | ciphertext and tag.
constexpr char kFormat = 1;
constexpr std::size_t kHeader = 1 + 4;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kSealOverhead == kHeader + kNonce + kTag);

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

void require_key(const Secret& key) {
  if (key.reveal().size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES || sodium_init() < 0) std::abort();
}

// The header is authenticated with the context: neither can be exchanged.
std::string authenticated(std::string_view header, std::string_view context) {
  std::string data(header);
  data += context;
  return data;
}

std::unexpected<Error> damaged() {
  return fail(ErrorCode::kDataLoss, "the sealed value is damaged, or was sealed with another key or for another place");
}

}  // namespace

std::string seal(const Secret& key, std::uint32_t key_version, std::string_view context, std::string_view plaintext) {
  require_key(key);
  std::string sealed(kSealOverhead + plaintext.size(), '\0');
  sealed[0] = kFormat;
  for (std::size_t i = 0; i < 4; ++i) {
    sealed[1 + i] = static_cast<char>(key_version >> (24 - 8 * i));
  }
  unsigned char* nonce = bytes(sealed) + kHeader;
  fill_random(std::span(nonce, kNonce));
  const std::string data = authenticated(std::string_view(sealed).substr(0, kHeader), context);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonce, nullptr, bytes(plaintext), plaintext.size(), bytes(data),
                                             data.size(), nullptr, nonce, bytes(key.reveal()));
  return sealed;
}

Result<std::string> unseal(const Secret& key, std::string_view context, std::string_view sealed) {
  require_key(key);
  if (Result<std::uint32_t> version = sealed_key_version(sealed); !version) return std::unexpected(version.error());
  const std::string data = authenticated(sealed.substr(0, kHeader), context);
  const std::string_view nonce = sealed.substr(kHeader, kNonce);
  const std::string_view ciphertext = sealed.substr(kHeader + kNonce);
  std::string plaintext(ciphertext.size() - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(plaintext), nullptr, nullptr, bytes(ciphertext),
                                                 ciphertext.size(), bytes(data), data.size(), bytes(nonce),
                                                 bytes(key.reveal())) != 0) {
    return damaged();
  }
  return plaintext;
}

Result<std::uint32_t> sealed_key_version(std::string_view sealed) {
  if (sealed.size() < kSealOverhead) return damaged();
  if (sealed[0] != kFormat)
    return fail(ErrorCode::kDataLoss, "the sealed value has a format this program does not know");
  std::uint32_t version = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    version = version << 8 | static_cast<unsigned char>(sealed[i]);
  }
  return version;
}

}  // namespace sluice::crypto
