#include "dataplane/usage/finished_queue.h"

namespace sluice::usage {

void FinishedQueue::push(FinishedRecord record) {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    record.sequence = ++sequence_;
    if (records_.size() >= limit_) {
      overflow_ = true;
      return;
    }
    records_.push_back(std::move(record));
    notify = wanted_ != 0 && records_.size() == wanted_;
  }
  if (notify) enough_.notify_one();
}

std::vector<FinishedRecord> FinishedQueue::take(std::size_t limit, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  wanted_ = limit;
  enough_.wait_for(lock, wait, [&] { return woken_ || records_.size() >= limit; });
  wanted_ = 0;
  woken_ = false;
  const std::size_t count = std::min(limit, records_.size());
  const auto end = records_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<FinishedRecord> taken(std::make_move_iterator(records_.begin()), std::make_move_iterator(end));
  records_.erase(records_.begin(), end);
  return taken;
}

void FinishedQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  enough_.notify_one();
}

bool FinishedQueue::take_overflow() {
  const std::lock_guard lock(mutex_);
  return std::exchange(overflow_, false);
}

std::uint64_t FinishedQueue::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return sequence_;
}

}  // namespace sluice::usage
