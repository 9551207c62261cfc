#include "common/crypto/vault.h"

#include <fmt/format.h>

#include <cstdlib>

#include "common/crypto/seal.h"
#include "common/crypto/secret_file.h"

namespace sluice::crypto {

Result<Vault> Vault::open_keys(std::span<const VaultKeyFile> files) {
  if (files.empty()) return fail(ErrorCode::kInvalidArgument, "the vault needs at least one key file");
  std::map<std::uint32_t, Secret> keys;
  for (const VaultKeyFile& file : files) {
    if (file.version == 0) return fail(ErrorCode::kInvalidArgument, "vault key versions start at 1");
    Result<Secret> key = read_key_file(file.path, "vault key");
    if (!key) return std::unexpected(key.error());
    if (!keys.emplace(file.version, std::move(*key)).second) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("two vault key files have version {}", file.version));
    }
  }
  return Vault(std::move(keys));
}

Vault::Vault(std::map<std::uint32_t, Secret> keys) : keys_(std::move(keys)) {
  if (keys_.empty()) std::abort();
}

std::string Vault::seal(std::string_view context, const Secret& value) const {
  const auto& [version, key] = *keys_.rbegin();
  return crypto::seal(key, version, context, value.reveal());
}

Result<Secret> Vault::open(std::string_view context, std::string_view sealed) const {
  const Result<std::uint32_t> version = sealed_key_version(sealed);
  if (!version) return std::unexpected(version.error());
  const auto key = keys_.find(*version);
  if (key == keys_.end()) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("a value is sealed with vault key version {}, which is not loaded", *version));
  }
  Result<std::string> value = unseal(key->second, context, sealed);
  if (!value) return std::unexpected(value.error());
  return Secret(std::move(*value));
}

Result<bool> Vault::is_outdated(std::string_view sealed) const {
  const Result<std::uint32_t> version = sealed_key_version(sealed);
  if (!version) return std::unexpected(version.error());
  return *version < newest_version();
}

}  // namespace sluice::crypto
