// Usage by time. Blocking, any thread.
#pragma once

#include <string>
#include <vector>

#include "controlplane/usage/totals.h"

namespace sluice::usage {

enum class Step { kMinute, kQuarterHour, kHour, kDay, kWeek, kMonth };

inline constexpr int kMaxBuckets = 2'000;

struct Bucket {
  SystemTime start;
  Summary summary;
};

// Oldest first, without gaps. `time_zone`: IANA name, empty is UTC. kInvalidArgument for an unknown one, and if there
// would be more than kMaxBuckets.
[[nodiscard]] Result<std::vector<Bucket>> series(db::Transaction& tx, const ReportFilter& filter, Step step,
                                                 const std::string& time_zone);

}  // namespace sluice::usage
