#include "controlplane/jobs/job.h"
#include "controlplane/store/idempotency_keys.h"

namespace sluice::jobs {

namespace {

constexpr int kAtOnce = 5'000;

Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const auto rows = store::drop_idempotency_keys(tx, now, kAtOnce);
  if (!rows) return std::unexpected(rows.error());
  return Step{.rows = *rows, .more = *rows == kAtOnce};
}

}  // namespace

Job drop_idempotency_keys_job() {
  return {.name = "drop_idempotency_keys", .every = std::chrono::hours(1), .step = drop};
}

}  // namespace sluice::jobs
