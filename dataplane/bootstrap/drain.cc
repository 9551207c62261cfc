#include "dataplane/bootstrap/drain.h"

#include <condition_variable>
#include <mutex>

#include "common/observe/log.h"

namespace sluice::bootstrap {

namespace {

// Counts workers that have become empty. Shared: a late worker may report after the wait has ended.
struct Countdown {
  explicit Countdown(std::size_t count) : left(count) {}

  void one() {
    const std::lock_guard lock(mutex);
    --left;
    changed.notify_all();
  }
  bool wait(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, limit, [this] { return left == 0; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t left;
};

// How long requests that were told to end may take to say so to their clients.
constexpr std::chrono::seconds kGoodbye{5};

}  // namespace

void drain(std::vector<std::unique_ptr<WorkerRuntime>>& workers, std::chrono::milliseconds limit) {
  const auto countdown = std::make_shared<Countdown>(workers.size());
  for (const auto& worker : workers)
    worker->drain([countdown] { countdown->one(); });
  if (countdown->wait(limit)) return;
  observe::log(observe::Level::kWarn, "drain_limit_reached", {{"limit_ms", limit.count()}});
  for (const auto& worker : workers)
    worker->end_requests();
  if (!countdown->wait(kGoodbye)) observe::log(observe::Level::kWarn, "requests_cut");
}

}  // namespace sluice::bootstrap
