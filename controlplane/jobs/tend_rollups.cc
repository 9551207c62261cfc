#include "controlplane/usage/tend_rollups.h"

#include "controlplane/jobs/job.h"

namespace sluice::jobs {

namespace {

// Both in one job, never beside each other: neither sees what the other is about to write.
Result<Step> tend(db::Transaction& tx, SystemTime now) {
  const auto compared = usage::compare_one_day(tx, now);
  if (!compared) return std::unexpected(compared.error());
  if (compared->any) return Step{.rows = compared->rebuilt ? 1 : 0, .more = true};
  const auto left = usage::compact_rollups(tx, now);
  if (!left) return std::unexpected(left.error());
  return Step{.rows = *left, .more = false};
}

}  // namespace

Job tend_rollups_job() {
  return {.name = "tend_rollups", .every = std::chrono::minutes(5), .step = tend};
}

}  // namespace sluice::jobs
