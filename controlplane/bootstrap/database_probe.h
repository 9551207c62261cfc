// Asks the database every moment whether it is there, on a thread of its own, so that /readyz need not block.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "controlplane/db/pool.h"

namespace sluice::bootstrap {

class DatabaseProbe {
 public:
  // `pool` outlives it.
  explicit DatabaseProbe(db::Pool& pool);
  DatabaseProbe(const DatabaseProbe&) = delete;
  DatabaseProbe& operator=(const DatabaseProbe&) = delete;
  ~DatabaseProbe();

  // "" if the last answer was good, else why not. Any thread.
  [[nodiscard]] std::string problem() const;

 private:
  void run();

  db::Pool& pool_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string problem_ = "the database has not been asked yet";
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::bootstrap
