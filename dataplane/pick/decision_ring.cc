#include "dataplane/pick/decision_ring.h"

namespace sluice::pick {

void DecisionRing::add(const Decision& decision) {
  const std::scoped_lock lock(mutex_);
  if (ring_.size() < capacity_) {
    ring_.push_back(decision);
    return;
  }
  if (capacity_ == 0) return;
  ring_[next_] = decision;
  next_ = (next_ + 1) % capacity_;
}

std::optional<Decision> DecisionRing::find(std::string_view request_id) const {
  const std::scoped_lock lock(mutex_);
  // The newest stands before next_; walk backwards from there.
  for (std::size_t i = ring_.size(); i > 0; --i) {
    const Decision& one = ring_[(next_ + i - 1) % ring_.size()];
    if (one.request_id() == request_id) return one;
  }
  return std::nullopt;
}

std::size_t DecisionRing::size() const {
  const std::scoped_lock lock(mutex_);
  return ring_.size();
}

}  // namespace sluice::pick
