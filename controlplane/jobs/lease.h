// Who runs a job: leases in the table "jobs", in database time. Blocking, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::jobs {

struct Lease {
  std::string job;
  std::string owner;
  std::int64_t fence = 0;  // higher with every lease of the job
};

enum class Outcome : std::uint8_t {
  kDone,
  kFailed,   // tried again after a minute, or when it is due if that is sooner
  kStopped,  // by the end of its replica: due at once
};

struct Ending {
  Outcome outcome = Outcome::kDone;
  std::string error = {};
  std::int64_t rows = 0;
  std::chrono::microseconds duration{0};
  std::chrono::seconds every{0};
};

struct JobState {
  std::string name;
  std::string owner;  // empty: nobody runs it
  std::optional<SystemTime> lease_until;
  SystemTime next_run_at;
  std::optional<SystemTime> last_started_at;
  std::optional<SystemTime> last_ended_at;
  std::chrono::microseconds last_duration{0};
  std::string last_outcome;  // "never", "done", "failed" or "stopped"
  std::string last_error;
  std::int64_t last_rows = 0;
};

// Makes new jobs known, due at once.
Result<> register_jobs(db::Transaction& tx, const std::vector<std::string>& names);

// Takes the job of `names` that is due for the longest time and that nobody holds, if there is one.
[[nodiscard]] Result<std::optional<Lease>> take_lease(db::Transaction& tx, const std::vector<std::string>& names,
                                                      std::string_view owner, std::chrono::milliseconds duration);

// Lengthens the lease and locks it until the transaction ends, so nobody takes it while the transaction works.
// kFailedPrecondition if somebody else has taken it.
Result<> renew_lease(db::Transaction& tx, const Lease& lease, std::chrono::milliseconds duration);

// Gives it back. kFailedPrecondition as above.
Result<> end_lease(db::Transaction& tx, const Lease& lease, const Ending& ending);

// Makes the job due at once, once more if it runs at this moment. kNotFound for an unknown name.
Result<> trigger_job(db::Transaction& tx, std::string_view name);

// By name.
[[nodiscard]] Result<std::vector<JobState>> list_job_states(db::Transaction& tx);

}  // namespace sluice::jobs
