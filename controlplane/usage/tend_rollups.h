// Keeps the sums of usage small and true: makes one row of many, and makes a day anew whose sums are not those of its
// events, as after an upgrade during which an older build stored events without them. For one caller at a time (a job).
// Blocking.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::usage {

// Makes one row of all those of one bucket and the same dimensions, from where it last ended up to `now`. Rows that it
// left.
[[nodiscard]] Result<std::int64_t> compact_rollups(db::Transaction& tx, SystemTime now);

// The newest day, today included, that was not compared since it ended and not in the last hour; compares it, and makes
// it anew if need be. False if there is none.
struct Compared {
  bool any = false;
  bool rebuilt = false;
};
[[nodiscard]] Result<Compared> compare_one_day(db::Transaction& tx, SystemTime now);

}  // namespace sluice::usage
