// Finished records on their way from the I/O threads to the uploader. Bounded: what does not fit is only on disk.
// Thread-safe. push() wakes the taker only when a whole batch is there, so that it costs an I/O thread no system call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "dataplane/usage/journal.h"

namespace sluice::usage {

class FinishedQueue {
 public:
  explicit FinishedQueue(std::size_t limit) : limit_(limit) {}

  void push(FinishedRecord record);
  [[nodiscard]] std::vector<FinishedRecord> take(std::size_t limit, std::chrono::milliseconds wait);
  void wake();
  [[nodiscard]] bool take_overflow();
  [[nodiscard]] std::uint64_t last_sequence() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable enough_;
  std::deque<FinishedRecord> records_;
  std::size_t wanted_ = 0;  // by the waiting taker; 0 if nobody waits
  std::uint64_t sequence_ = 0;
  bool overflow_ = false;
  bool woken_ = false;
};

}  // namespace sluice::usage
