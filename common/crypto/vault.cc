#include "common/crypto/vault.h"

#include <fmt/format.h>
#include <sodium.h>

#include "common/base/random.h"

namespace sluice::crypto {

namespace {

// format byte | key version, 4 bytes big-endian | nonce | ciphertext and tag
constexpr char kFormat = 1;
constexpr std::size_t kHead = 5;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::uint32_t read_version(std::string_view sealed) {
  std::uint32_t version = 0;
  for (std::size_t i = 1; i < kHead; ++i)
    version = (version << 8) | static_cast<std::uint8_t>(sealed[i]);
  return version;
}

}  // namespace

Vault::Vault(const Key& key, std::uint32_t version) : keys_{{version, key}}, version_(version) {}

Vault::~Vault() {
  for (auto& [version, key] : keys_)
    sodium_memzero(key.data(), key.size());
}

void Vault::add_old_key(const Key& key, std::uint32_t version) {
  keys_.emplace(version, key);
}

std::string Vault::seal(std::string_view plain, std::string_view place) const {
  std::string out(kHead + kNonce + plain.size() + kTag, '\0');
  auto* data = reinterpret_cast<std::uint8_t*>(out.data());
  out[0] = kFormat;
  for (std::size_t i = 0; i < 4; ++i)
    data[1 + i] = static_cast<std::uint8_t>(version_ >> (24 - 8 * i));
  fill_random(std::span(data + kHead, kNonce));
  crypto_aead_xchacha20poly1305_ietf_encrypt(data + kHead + kNonce, nullptr, bytes(plain), plain.size(), bytes(place),
                                             place.size(), nullptr, data + kHead, keys_.at(version_).data());
  return out;
}

Result<Secret> Vault::open(std::string_view sealed, std::string_view place) const {
  if (sealed.size() < kHead + kNonce + kTag || sealed[0] != kFormat) {
    return fail(ErrorCode::kDataLoss, "not a sealed value");
  }
  const auto key = keys_.find(read_version(sealed));
  if (key == keys_.end()) {
    return fail(ErrorCode::kDataLoss,
                fmt::format("sealed by key version {}, which is not loaded", read_version(sealed)));
  }
  std::string plain(sealed.size() - kHead - kNonce - kTag, '\0');
  const std::uint8_t* nonce = bytes(sealed) + kHead;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<std::uint8_t*>(plain.data()), nullptr, nullptr,
                                                 nonce + kNonce, plain.size() + kTag, bytes(place), place.size(), nonce,
                                                 key->second.data()) != 0) {
    return fail(ErrorCode::kDataLoss, "the sealed value is damaged or was sealed for another place");
  }
  return Secret(std::move(plain));
}

}  // namespace sluice::crypto
