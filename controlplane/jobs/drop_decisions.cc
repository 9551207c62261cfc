#include "controlplane/jobs/job.h"
#include "controlplane/usage/decisions.h"

namespace sluice::jobs {

namespace {

constexpr int kAtOnce = 5'000;

Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const std::chrono::sys_days oldest = std::chrono::floor<std::chrono::days>(now) - usage::kDecisionsKept;
  const auto done = tx.exec(
      "DELETE FROM request_decisions WHERE (day, request_id) IN "
      "(SELECT day, request_id FROM request_decisions WHERE day < $1::date LIMIT $2 FOR UPDATE SKIP LOCKED)",
      db::format_time(SystemTime(oldest)).substr(0, 10), kAtOnce);
  if (!done) return std::unexpected(done.error());
  const auto rows = static_cast<std::int64_t>(done->affected());
  return Step{.rows = rows, .more = rows == kAtOnce};
}

}  // namespace

Job drop_decisions_job() {
  return {.name = "drop_decisions", .every = std::chrono::hours(1), .step = drop};
}

}  // namespace sluice::jobs
