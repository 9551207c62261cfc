// Keeps access tokens fresh and facts about Google accounts current. Runs in every replica; a lease in the database
// sees to it that each grant is worked on by one of them at a time, and its generation that a late one changes nothing.
// Owns its threads. A request that is under way when it is destroyed is waited for: its answer must not be lost.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/oauth/google.h"
#include "controlplane/oauth/logins.h"
#include "controlplane/oauth/token_endpoint.h"

namespace sluice::oauth {

struct RefresherOptions {
  // Grants worked on at once.
  int threads = 4;
  std::chrono::milliseconds poll{1'000};
  // Longer than a refresh can take, FetchLimits::total per proxy included.
  std::chrono::milliseconds lease{120'000};
  // Between the first "invalid_grant" and asking once more: another replica may be about to store a newer token.
  std::chrono::milliseconds second_look{10'000};
  GoogleOptions google = {};
};

class Refresher {
 public:
  // `vault` and what it refers to outlive it.
  Refresher(const VaultContext& vault, RefresherOptions options);
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;
  ~Refresher();

  // An upstream refused the account's credential in this revision: refresh early, once per revision over all replicas.
  // Never blocks; any thread.
  void credential_refused(const std::string& account_id, std::uint64_t revision);
  // Something may be due: look now.
  void wake();

 private:
  struct Work;
  void run();
  void write_reports();
  // False if nothing was due.
  [[nodiscard]] bool work_once();
  void refresh_tokens(Work& work);
  void keep(const Work& work, const Tokens& tokens);
  void note_failure(const Work& work, const TokenFailure& failure);
  void read_facts(const Work& work);
  [[nodiscard]] Result<Secret> access_token_of(const std::string& account_id);

  const VaultContext& vault_;
  RefresherOptions options_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, std::int64_t>> reports_;
  std::uint64_t wakes_ = 0;
  std::vector<std::thread> threads_;  // last: they use the others
};

}  // namespace sluice::oauth
