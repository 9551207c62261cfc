// Keeps the overview up to date while somebody watches it, and tells those who do. One thread of its own reads the
// database for all of them, so watchers cost no thread and no query each. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/pool.h"
#include "controlplane/live/event_log.h"

namespace sluice::live {

struct HubOptions {
  std::chrono::milliseconds every{2'000};           // looks at nodes and accounts
  std::chrono::milliseconds traffic_every{10'000};  // counts the traffic
  std::size_t most_watchers = 500;                  // each has a connection, of those that REST takes
};

class Hub {
 public:
  // A watcher. Called on the hub's thread; `begin` may use the database, `news` must not block.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // Once: whether it may watch. Not called again if it says no.
    [[nodiscard]] virtual bool begin() = 0;
    // There may be events that it has not seen.
    virtual void news() = 0;
    // The hub ends: nothing more will come.
    virtual void end() = 0;
  };

  // Both outlive it. `series`: unique to this hub, for the ids of events.
  Hub(db::Pool& pool, const Clock& clock, std::string series, HubOptions options = {});
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();

  // kUnavailable if the hub has ended, kResourceExhausted if too many watch: the watcher will not be called.
  [[nodiscard]] Result<> add(std::shared_ptr<Watcher> watcher);
  void remove(const Watcher* watcher);
  // Ends all watchers and takes no more.
  void end();

  // The number of an event id; 0 if it is unknown.
  [[nodiscard]] std::uint64_t number_of(const std::string& event_id) const;
  // What comes after `seen`, which becomes its number; nothing if there is nothing new yet.
  [[nodiscard]] std::optional<admin::v1::WatchOverviewResponse> take(std::uint64_t& seen) const;
  [[nodiscard]] std::size_t watchers() const;

 private:
  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  void run();
  void begin(const Watchers& fresh);
  void look();
  [[nodiscard]] Watchers all() const;

  db::Pool& pool_;
  const Clock& clock_;
  const HubOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  EventLog log_;
  Watchers fresh_;
  Watchers watchers_;
  bool stopping_ = false;
  // Of the thread:
  SteadyTime next_traffic_{};
  std::optional<admin::v1::Traffic> traffic_;
  bool failing_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::live
