// The limits of the whole fleet, asked from one worker: concurrency, rates and money of users and keys, slots of
// accounts, and queues that hand a freed slot to whoever has waited longest (docs/architecture.md, "Limits").
// One script call in Redis decides all of it. While Redis is away, each node decides by its share (NodeLimits).
// One per worker, used on its thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/io/task.h"
#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/limit/demand.h"
#include "dataplane/limit/node_limits.h"
#include "dataplane/limit/permit.h"
#include "dataplane/redis/client.h"

namespace sluice::redis {
class Subscriber;
}

namespace sluice::limit {

struct LimiterSettings {
  std::string node = {};                       // its id, unique in the fleet; "owner" in Redis is "<node>/<worker>"
  std::chrono::milliseconds lease{24'000};     // what is not renewed for so long is free again
  std::chrono::milliseconds heartbeat{5'000};  // how often leases, waiters and holds are renewed
  std::chrono::milliseconds quarantine{
      10'000};  // after Redis lost its memory: until all nodes have told what they hold
};

class Limiter {
 public:
  // All references must outlive it; a Permit may outlive it. `node` is common to the node's workers.
  // Made before redis.start() and subscriber.start(): it adds its scripts, its channel and its calls on_up.
  Limiter(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, NodeLimits& node,
          LimiterSettings settings, observe::MetricsRegistry& metrics);
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;
  ~Limiter();

  // Keeps what is held alive from now on. Called once.
  void start();

  // Asks for what `demand` says and `permit` does not hold yet: all of it or nothing, except that a request that must
  // wait for an account keeps what user and key gave it. Never waits longer than Redis's command limit (twice at
  // most). `permit` and `demand` must outlive the call; one call at a time for a permit.
  // The demand of later calls may differ in its accounts and sticky_unfit, may_wait only.
  [[nodiscard]] io::Task<Outcome> admit(Permit& permit, const Demand& demand);

  // Slots held, and requests in queues, here.
  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::size_t waiting() const;

 private:
  io::Worker& worker_;
  NodeLimits& node_;
  std::shared_ptr<LimiterState> state_;
};

}  // namespace sluice::limit
