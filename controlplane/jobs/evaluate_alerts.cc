#include "controlplane/alerts/alerts.h"
#include "controlplane/jobs/job.h"

namespace sluice::jobs {

namespace {

constexpr int kDropAtOnce = 1'000;

Result<Step> evaluate(db::Transaction& tx, SystemTime now) {
  const auto evaluated = alerts::evaluate_next(tx, now);
  if (!evaluated) return std::unexpected(evaluated.error());
  return Step{.rows = *evaluated ? 1 : 0, .more = *evaluated};
}

Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const auto rows = alerts::drop_old_alerts(tx, now, kDropAtOnce);
  if (!rows) return std::unexpected(rows.error());
  return Step{.rows = *rows, .more = *rows == kDropAtOnce};
}

}  // namespace

Job evaluate_alerts_job() {
  return {.name = "evaluate_alerts", .every = alerts::kEvaluateEvery, .step = evaluate};
}

Job drop_alerts_job() {
  return {.name = "drop_alerts", .every = std::chrono::hours(6), .step = drop};
}

}  // namespace sluice::jobs
