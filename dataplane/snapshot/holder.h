// The snapshot that one worker uses now. current() and set() belong to the worker's thread; post() is for any thread.
#pragma once

#include <memory>
#include <utility>

#include "common/io/event.h"
#include "common/io/worker.h"
#include "dataplane/snapshot/snapshot.h"

namespace sluice::snapshot {

// Must outlive the worker's run().
class SnapshotHolder {
 public:
  explicit SnapshotHolder(io::Worker& worker) : worker_(worker), changed_(worker) {}

  // Never null: the empty snapshot until the first one arrives.
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const { return current_; }
  void set(std::shared_ptr<const Snapshot> next) {
    current_ = std::move(next);
    changed_.set();
  }
  // True once another one was set; false if `until` passed before.
  [[nodiscard]] io::Task<bool> wait_for_change(SteadyTime until) {
    changed_.reset();
    const bool changed = co_await changed_.wait_until(until);
    co_return changed;
  }
  // Thread-safe; takes effect once the worker gets to it.
  void post(std::shared_ptr<const Snapshot> next) {
    worker_.post([this, next = std::move(next)]() mutable { set(std::move(next)); });
  }

 private:
  io::Worker& worker_;
  io::Event changed_;
  std::shared_ptr<const Snapshot> current_ = Snapshot::empty();
};

}  // namespace sluice::snapshot
