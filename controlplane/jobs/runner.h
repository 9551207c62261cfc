// Runs the fleet's jobs on this replica: one thread that takes a due job, works it off step by step and gives it back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/db/pool.h"
#include "controlplane/jobs/job.h"
#include "controlplane/jobs/lease.h"

namespace sluice::jobs {

struct RunnerOptions {
  // Of this process alone, e.g. a UUID made at its start.
  std::string owner;
  std::vector<Job> jobs;
  // How long after the death of a replica another one may take its job; a step must be much shorter.
  std::chrono::milliseconds lease{30'000};
  // How often to look for a due job.
  std::chrono::milliseconds look{1'000};
};

class Runner {
 public:
  // Pool and clock outlive this.
  Runner(RunnerOptions options, db::Pool& pool, const Clock& clock);
  // Waits for the step that runs and gives the job back.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

 private:
  void run();
  // False if nothing was due or the database is away.
  bool run_one();
  Ending work(const Lease& lease, const Job& job);
  void note(const Lease& lease, const Ending& ending) const;
  [[nodiscard]] bool stopping();

  const RunnerOptions options_;
  std::vector<std::string> names_;
  db::Pool& pool_;
  const Clock& clock_;
  bool registered_ = false;  // of the thread
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::jobs
