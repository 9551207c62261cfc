#include "controlplane/jobs/runner.h"

#include <algorithm>

#include "common/observe/log.h"

namespace sluice::jobs {

using observe::Level;

Runner::Runner(RunnerOptions options, db::Pool& pool, const Clock& clock)
    : options_(std::move(options)), pool_(pool), clock_(clock) {
  for (const Job& job : options_.jobs)
    names_.push_back(job.name);
  thread_ = std::thread([this] { run(); });
}

Runner::~Runner() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Runner::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void Runner::run() {
  while (!stopping()) {
    if (run_one()) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.look, [this] { return stop_; });
  }
}

bool Runner::run_one() {
  const auto taken = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<std::optional<Lease>> {
    if (!registered_) {
      if (Result<> done = register_jobs(tx, names_); !done) return std::unexpected(done.error());
    }
    return take_lease(tx, names_, options_.owner, options_.lease);
  });
  if (!taken) {
    observe::log(Level::kWarn, "jobs_not_taken", {{"cause", taken.error().message}});
    return false;
  }
  registered_ = true;
  if (!*taken) return false;
  const Lease& lease = **taken;
  const auto job = std::ranges::find(options_.jobs, lease.job, &Job::name);
  const Ending ending = work(lease, *job);
  const auto ended = db::in_transaction(pool_, [&](db::Transaction& tx) { return end_lease(tx, lease, ending); });
  note(lease, ending);
  if (!ended) observe::log(Level::kWarn, "job_not_ended", {{"job", lease.job}, {"cause", ended.error().message}});
  return ended.has_value();
}

Ending Runner::work(const Lease& lease, const Job& job) {
  const SteadyTime start = clock_.steady();
  Ending ending{.every = job.every};
  for (bool more = true; more;) {
    if (stopping()) {
      ending.outcome = Outcome::kStopped;
      break;
    }
    const Result<Step> step = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<Step> {
      if (Result<> held = renew_lease(tx, lease, options_.lease); !held) return std::unexpected(held.error());
      return job.step(tx, clock_.now());
    });
    if (!step) {
      ending.outcome = Outcome::kFailed;
      ending.error = step.error().message;
      break;
    }
    ending.rows += step->rows;
    more = step->more;
  }
  ending.duration = std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - start);
  return ending;
}

void Runner::note(const Lease& lease, const Ending& ending) const {
  if (ending.outcome == Outcome::kFailed) {
    observe::log(Level::kError, "job_failed", {{"job", lease.job}, {"cause", ending.error}});
  } else {
    observe::log(Level::kDebug, "job_ran", {{"job", lease.job}, {"rows", ending.rows}});
  }
}

}  // namespace sluice::jobs
