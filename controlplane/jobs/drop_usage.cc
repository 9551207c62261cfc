#include "controlplane/jobs/job.h"
#include "controlplane/usage/retention.h"

namespace sluice::jobs {

namespace {

// One table a step: dropping one waits for statements that use it.
Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const auto sums = usage::drop_sums(tx, now);
  if (!sums) return std::unexpected(sums.error());
  if (sums->tables > 0 || sums->rows > 0) return Step{.rows = sums->tables + sums->rows, .more = true};
  const auto events = usage::drop_events_of_a_day(tx, now);
  if (!events) return std::unexpected(events.error());
  return Step{.rows = events->tables, .more = events->tables > 0};
}

}  // namespace

Job drop_usage_job() {
  return {.name = "drop_usage", .every = std::chrono::hours(1), .step = drop};
}

}  // namespace sluice::jobs
