// Answers remembered under the key that a caller chose. Blocking, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

// How long a key is remembered.
inline constexpr std::chrono::hours kIdempotencyKept{24};

struct IdempotencyKey {
  std::string id = {};
  std::string actor = {};
  std::string key = {};
  std::string request_sha256 = {};  // 32 bytes
  std::string sealed = {};          // the answer; empty until it is kept
};

// Takes the key for this transaction; a call with the same key waits here until this one has ended. Empty if it is
// taken now, else what is remembered.
[[nodiscard]] Result<std::optional<IdempotencyKey>> take_idempotency_key(db::Transaction& tx, const IdempotencyKey& key,
                                                                         SystemTime now);
Result<> keep_idempotent_answer(db::Transaction& tx, std::string_view id, const std::string& sealed,
                                std::uint32_t key_version);
// At most `limit` of those that are over; how many.
Result<std::int64_t> drop_idempotency_keys(db::Transaction& tx, SystemTime now, int limit);

}  // namespace sluice::store
