#include "controlplane/jobs/job.h"
#include "controlplane/store/login_attempts.h"
#include "controlplane/store/sessions.h"

namespace sluice::jobs {

namespace {

constexpr int kAtOnce = 5'000;
// Their networks are what lets a person in while somebody else tries his password (identity/login_limits.h).
constexpr std::chrono::hours kKept{90 * 24};

Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const auto sessions = store::drop_sessions(tx, now - kKept, kAtOnce);
  if (!sessions) return std::unexpected(sessions.error());
  const auto attempts = store::drop_login_attempts(tx, now, kAtOnce);
  if (!attempts) return std::unexpected(attempts.error());
  return Step{.rows = *sessions + *attempts, .more = *sessions == kAtOnce || *attempts == kAtOnce};
}

}  // namespace

Job drop_sessions_job() {
  return {.name = "drop_sessions", .every = std::chrono::hours(1), .step = drop};
}

}  // namespace sluice::jobs
