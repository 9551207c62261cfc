// Secrets at rest in the database, sealed under versioned keys from files. With two keys loaded, values sealed under
// the old one still open while new ones are sealed under the new one: load both, re-seal, then drop the old file.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::crypto {

struct VaultKeyFile {
  std::uint32_t version = 1;  // > 0, unique, higher is newer
  std::filesystem::path path;
};

class Vault {
 public:
  // Needs at least one key; each file as in read_key_file().
  [[nodiscard]] static Result<Vault> open_keys(std::span<const VaultKeyFile> files);
  // For tests and tools: raw 32-byte keys by version, not empty.
  explicit Vault(std::map<std::uint32_t, Secret> keys);

  // Seals under the newest key. `context` names table, row and column: "account_credentials|<id>|sealed".
  [[nodiscard]] std::string seal(std::string_view context, const Secret& value) const;
  // kFailedPrecondition if the key of that version is not loaded; kDataLoss if the blob is damaged or was sealed for
  // another context (moved between rows).
  [[nodiscard]] Result<Secret> open(std::string_view context, std::string_view sealed) const;
  // Whether the blob should be sealed again under the newest key.
  [[nodiscard]] Result<bool> is_outdated(std::string_view sealed) const;
  [[nodiscard]] std::uint32_t newest_version() const { return keys_.rbegin()->first; }

 private:
  std::map<std::uint32_t, Secret> keys_;
};

}  // namespace sluice::crypto
