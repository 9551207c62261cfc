// Writes what nodes report about accounts to the database, on a thread of its own: nodes' streams never wait for it.
// Bounded: while the database is away only the newest reports are kept. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "controlplane/db/pool.h"
#include "controlplane/store/account_health.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::publish {

class HealthRecorder {
 public:
  // Both outlive it.
  HealthRecorder(db::Pool& pool, const Clock& clock);
  HealthRecorder(const HealthRecorder&) = delete;
  HealthRecorder& operator=(const HealthRecorder&) = delete;
  // What is not written by then is lost.
  ~HealthRecorder();

  // Never block. A report that names no account or no reason is passed over.
  void add(const std::string& node_id, const config::v1::AccountHealth& health);
  // An upstream refused a credential: AUTH_FAILED, for as long as reports keep coming and an hour more.
  void add(const std::string& node_id, const config::v1::CredentialReport& report);

 private:
  void put(store::AccountHealth row);
  void run();
  // False if the database did not take it.
  [[nodiscard]] bool write(const std::deque<store::AccountHealth>& rows);

  db::Pool& pool_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<store::AccountHealth> rows_;
  bool stopping_ = false;
  // Of the thread.
  SteadyTime next_drop_{};
  bool failing_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::publish
