// Seals again, under the newest key, whatever was sealed under an older one. In small batches, safe beside running
// replicas, and begun again at any point: what is done stays done. Blocking; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/pool.h"

namespace sluice::oauth {

// A table with a bytea column `sealed` and a `key_version`, sealed for "TABLE|ID|sealed". Constants of the program.
struct SealedTable {
  std::string_view table;
  std::string_view id_column;
};

// Every one there is.
[[nodiscard]] std::span<const SealedTable> sealed_tables();

struct Resealed {
  std::int64_t done = 0;
  // Could not be opened: their key is not loaded, or they are damaged. They stay as they are.
  std::int64_t failed = 0;
};

[[nodiscard]] Result<Resealed> reseal_all(db::Pool& pool, const crypto::Vault& vault, int batch = 200);

}  // namespace sluice::oauth
