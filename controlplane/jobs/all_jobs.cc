#include "controlplane/jobs/job.h"

namespace sluice::jobs {

std::vector<Job> all_jobs() {
  return {trim_change_log_job(), drop_decisions_job(), drop_idempotency_keys_job(),
          evaluate_alerts_job(), drop_alerts_job(),    make_partitions_job(),
          tend_rollups_job(),    drop_sessions_job(),  drop_usage_job()};
}

}  // namespace sluice::jobs
