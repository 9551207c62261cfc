#include <algorithm>

#include "controlplane/jobs/job.h"
#include "controlplane/store/change_log.h"

namespace sluice::jobs {

namespace {

// A node that was away for longer gets a snapshot.
constexpr std::int64_t kKept = 10'000;
constexpr std::chrono::days kKeptFor{1};
// Changes of config wait while a step runs.
constexpr std::int64_t kAtOnce = 2'000;

Result<Step> trim(db::Transaction& tx, SystemTime now) {
  const auto rows = tx.exec("SELECT coalesce(min(number), 0) AS first FROM change_log");
  if (!rows) return std::unexpected(rows.error());
  const auto first = rows->front().get<std::int64_t>("first");
  const auto current = store::current_version(tx);
  if (!current) return std::unexpected(current.error());
  const std::int64_t keep = std::max(kKept, current->number - first - kAtOnce + 1);
  const auto dropped = store::trim_change_log(tx, keep, now - kKeptFor);
  if (!dropped) return std::unexpected(dropped.error());
  return Step{.rows = *dropped, .more = *dropped >= kAtOnce};
}

}  // namespace

Job trim_change_log_job() {
  return {.name = "trim_change_log", .every = std::chrono::minutes(10), .step = trim};
}

}  // namespace sluice::jobs
