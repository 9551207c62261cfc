#include "dataplane/sync/outbox.h"

#include <utility>

namespace sluice::sync {

void Outbox::put(config::v1::SubscribeRequest message) {
  const std::lock_guard lock(mutex_);
  if (messages_.size() >= limit_) messages_.pop_front();
  messages_.push_back(std::move(message));
}

std::deque<config::v1::SubscribeRequest> Outbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace sluice::sync
