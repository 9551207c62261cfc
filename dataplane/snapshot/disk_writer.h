// Writes the disk copy on its own thread, always the newest config: at most once per `pause`, and resting ten times as
// long as the writing took, so that steady changes of a large config cost a tenth of a processor. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/base/status.h"
#include "dataplane/snapshot/disk_copy.h"

namespace sluice::snapshot {

struct DiskWriterOptions {
  std::chrono::milliseconds pause{1'000};
  // A copy is renewed after this long although nothing changed, or it would grow stale on a quiet system.
  std::chrono::milliseconds renew = std::chrono::hours(1);
};

class DiskWriter {
 public:
  using Report = std::function<void(const Error&)>;
  // `copy` must outlive it. `report` is called on the writer's thread for each failure.
  DiskWriter(const DiskCopy& copy, DiskWriterOptions options, Report report);
  // Writes what is waiting.
  ~DiskWriter();

  // The config in force: new, or confirmed to be still current.
  void offer(std::shared_ptr<const Snapshot> snapshot);

 private:
  void run();

  const DiskCopy& copy_;
  const DiskWriterOptions options_;
  const Report report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Snapshot> waiting_;
  std::shared_ptr<const Snapshot> saved_;
  std::chrono::steady_clock::time_point saved_at_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::snapshot
