// Authenticated encryption under one key: XChaCha20-Poly1305, a fresh random nonce per call. Free functions, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

// What a sealed blob costs on top of its content: format, key version, nonce, tag.
inline constexpr std::size_t kSealOverhead = 1 + 4 + 24 + 16;

// `key` is 32 raw bytes. `context` (the AAD) says where the blob belongs, e.g. "account_credentials|<id>|sealed"; it
// is not stored, and opening under any other context fails. `key_version` is stored in clear and authenticated.
[[nodiscard]] std::string seal(const Secret& key, std::uint32_t key_version, std::string_view context,
                               std::string_view plaintext);

// kDataLoss for a damaged blob, a wrong key or a wrong context: these cannot be told apart.
[[nodiscard]] Result<std::string> unseal(const Secret& key, std::string_view context, std::string_view sealed);

// The version given to seal(); kDataLoss if this is no sealed blob of a format we know.
[[nodiscard]] Result<std::uint32_t> sealed_key_version(std::string_view sealed);

}  // namespace sluice::crypto
