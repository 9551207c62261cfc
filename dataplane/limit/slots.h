// Concurrency limits shared by all nodes: leases in Redis, renewed by the worker that holds them, gone within the lease
// time of a node's death (docs/architecture.md, "Slots"). While Redis is away each node falls back to its own share of
// the limit, never to no limit. One per worker, used on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/io/task.h"
#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/limit/lease.h"
#include "dataplane/limit/local_share.h"
#include "dataplane/redis/client.h"

namespace sluice::limit {

struct SlotSettings {
  std::string node = {};                    // owner in Redis, unique among nodes
  std::string prefix = "sluice:1:slots:";   // version of the scripts and their data; then "{scope}"
  std::chrono::milliseconds lease{30'000};  // a lease that is not renewed ends after that
  std::chrono::milliseconds renew{10'000};  // how often leases are renewed
};

class Slots {
 public:
  // All references must outlive it; a lease may outlive it. `share` is one per node, common to its workers.
  // Made before redis.start(): it adds its scripts, and registers its leases again whenever Redis is back.
  Slots(io::Worker& worker, redis::Client& redis, LocalShare& share, SlotSettings settings,
        observe::MetricsRegistry& metrics);
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  ~Slots();

  // Renews leases from now on. Called once.
  void start();

  // Takes one of `limit` slots of a scope such as "user:<id>" for a request, whose id must be unique.
  // 0 = unlimited, without a call to Redis. kResourceExhausted, with the limit in the message, when all are taken; no
  // other error while it lives. Never waits longer than the Redis client's command limit.
  [[nodiscard]] io::Task<Result<Lease>> acquire(std::string scope, std::uint32_t limit, std::string request);

  // Leases that this worker holds now.
  [[nodiscard]] std::size_t held() const;

 private:
  io::Worker& worker_;
  std::shared_ptr<SlotTable> table_;
};

}  // namespace sluice::limit
