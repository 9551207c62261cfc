// A database and runners in it that can be made to work, to fail and to die.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "controlplane/db/pool.h"
#include "controlplane/jobs/runner.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::jobs::testing {

using sluice::testing::eventually;
using sluice::testing::kGenerous;

template <class T>
T value_of(Result<T> result) {
  if (!result) FAIL(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Stage {
 public:
  Stage() : pool_({.conninfo = Secret(sluice::testing::migrated_database()), .size = 8}) {}

  template <class Fn>
  auto in_tx(Fn fn) {
    return db::in_transaction(pool_, fn);
  }
  void sql(const std::string& text) {
    static_cast<void>(value_of(in_tx([&](db::Transaction& tx) { return tx.exec(text); })));
  }
  [[nodiscard]] std::int64_t number(const std::string& text) {
    return value_of(in_tx([&](db::Transaction& tx) { return tx.exec(text); })).front().get<std::int64_t>("n");
  }
  // Empty for a job that nobody has registered.
  [[nodiscard]] JobState state(const std::string& name) {
    for (JobState& one : value_of(in_tx([](db::Transaction& tx) { return list_job_states(tx); }))) {
      if (one.name == name) return std::move(one);
    }
    return {};
  }
  [[nodiscard]] std::optional<Lease> take(const std::string& job, const std::string& owner,
                                          std::chrono::milliseconds duration) {
    return value_of(in_tx([&](db::Transaction& tx) { return take_lease(tx, {job}, owner, duration); }));
  }
  [[nodiscard]] std::unique_ptr<Runner> runner(const std::string& owner, std::vector<Job> jobs,
                                               std::chrono::milliseconds lease = std::chrono::seconds(30)) {
    return std::make_unique<Runner>(
        RunnerOptions{.owner = owner, .jobs = std::move(jobs), .lease = lease, .look = std::chrono::milliseconds(10)},
        pool_, clock_);
  }
  // Runs the job's steps to their end at a time of our choice.
  std::int64_t work_off(const Job& job, SystemTime now) {
    std::int64_t rows = 0;
    for (bool more = true; more;) {
      const Step step = value_of(in_tx([&](db::Transaction& tx) { return job.step(tx, now); }));
      rows += step.rows;
      more = step.more;
    }
    return rows;
  }
  [[nodiscard]] db::Pool& pool() { return pool_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  RealClock clock_;
  db::Pool pool_;
};

}  // namespace sluice::jobs::testing
