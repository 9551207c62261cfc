// How often somebody tried to sign in, shared by all replicas: one leaky bucket for each key. Blocking, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct AttemptLimit {
  int burst;                     // attempts at once
  std::chrono::seconds per_one;  // then one in this time
};

// Counts an attempt. Returns how long to wait if there was none left: then nothing is counted, so trying on does not
// make it longer, and it is never longer than per_one.
[[nodiscard]] Result<std::optional<std::chrono::seconds>> take_attempt(db::Transaction& tx, std::string_view key,
                                                                       const AttemptLimit& limit, SystemTime now);
Result<> give_attempt_back(db::Transaction& tx, std::string_view key, const AttemptLimit& limit);
// Deletes at most `limit` rows that say nothing any more. Returns how many.
Result<std::int64_t> drop_login_attempts(db::Transaction& tx, SystemTime now, int limit);

}  // namespace sluice::store
