// What a node has to tell the control plane besides the protocol itself: waits here while there is no stream. Bounded:
// the oldest goes first. Thread-safe.
#pragma once

#include <deque>
#include <mutex>

#include "sluice/config/v1/config.pb.h"

namespace sluice::sync {

class Outbox {
 public:
  explicit Outbox(std::size_t limit) : limit_(limit) {}

  void put(config::v1::SubscribeRequest message);
  // Everything that waits, oldest first.
  [[nodiscard]] std::deque<config::v1::SubscribeRequest> take();

 private:
  const std::size_t limit_;
  std::mutex mutex_;
  std::deque<config::v1::SubscribeRequest> messages_;
};

}  // namespace sluice::sync
