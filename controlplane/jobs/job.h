// What a job is: a name, how often it runs, and a body in small steps. Plain data; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::jobs {

struct Step {
  std::int64_t rows = 0;  // that it changed
  bool more = false;      // whether another step has something to do
};

struct Job {
  std::string name;
  std::chrono::seconds every;
  // One small piece of the work, far shorter than a lease, in the transaction that also checks the lease: all of it
  // happens, or nothing. Doing it again must be harmless. May run again from its start if the database asks for it.
  std::function<Result<Step>(db::Transaction& tx, SystemTime now)> step;
};

// Those of the control plane.
[[nodiscard]] std::vector<Job> all_jobs();

// Each in a file of its own.
[[nodiscard]] Job trim_change_log_job();
[[nodiscard]] Job drop_decisions_job();
[[nodiscard]] Job drop_idempotency_keys_job();
[[nodiscard]] Job evaluate_alerts_job();
[[nodiscard]] Job drop_alerts_job();
[[nodiscard]] Job make_partitions_job();
[[nodiscard]] Job tend_rollups_job();
[[nodiscard]] Job drop_sessions_job();
[[nodiscard]] Job drop_usage_job();

}  // namespace sluice::jobs
