// Brings what one worker learns of an account's health to all others at once, through Redis: a message to those that
// are there, and a hash for those that come later. Without Redis every worker learns by itself. One per worker, used
// on its thread.
#pragma once

#include <functional>

#include "common/io/worker.h"
#include "dataplane/pick/health.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/subscriber.h"

namespace sluice::pick {

class HealthShare {
 public:
  // For the control plane: called once for each block that this worker saw itself. Any thread-safe sink.
  using Report = std::function<void(const HealthNews&)>;

  // All must outlive it. Made before the client and the subscriber are started.
  HealthShare(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, Report report);

  [[nodiscard]] Health& health() { return health_; }
  // What a call of this worker came to.
  void observe(const Observation& seen);

 private:
  static io::Task<> load(HealthShare* self);
  void merge(std::string_view text);

  io::Worker& worker_;
  redis::Client& redis_;
  const Report report_;
  Health health_;
  unsigned until_sweep_ = 0;
};

}  // namespace sluice::pick
