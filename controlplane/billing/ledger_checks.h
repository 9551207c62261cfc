// Runs check() once in a while, once in the fleet, and keeps what it found.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/db/pool.h"
#include "controlplane/store/page.h"

namespace sluice::billing {

struct LedgerCheck {
  std::string id = {};
  SystemTime at = {};
  std::int64_t duration_us = 0;
  std::vector<Drift> drifts = {};  // the first 100
};

inline constexpr std::chrono::hours kLedgerCheckInterval{6};

// True if it was due: nobody else checks at this moment and the last check is `interval` ago. Drift is an error in the
// log. Blocking; any thread.
[[nodiscard]] Result<bool> check_if_due(db::Pool& pool, const Clock& clock, std::chrono::seconds interval);

// Newest first.
[[nodiscard]] Result<store::Page<LedgerCheck>> list_checks(db::Transaction& tx, const store::PageRequest& page);

// A thread that asks every minute whether a check is due.
class LedgerCheckJob {
 public:
  // Both outlive this.
  LedgerCheckJob(db::Pool& pool, const Clock& clock) : pool_(pool), clock_(clock), thread_([this] { run(); }) {}
  // Waits for a check that runs.
  ~LedgerCheckJob();
  LedgerCheckJob(const LedgerCheckJob&) = delete;
  LedgerCheckJob& operator=(const LedgerCheckJob&) = delete;

 private:
  void run();

  db::Pool& pool_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::billing
