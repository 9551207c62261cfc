// Concurrency limits shared by all nodes: leases in Redis, renewed by the worker that holds them, gone within the TTL
// of a node's death (docs/architecture.md, "Slots"). While Redis is away each node falls back to its own share of the
// limit, never to no limit. One per worker, used on its thread; leases must not outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/io/task.h"
#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/limit/lease.h"

namespace sluice::redis {
class Client;
}

namespace sluice::limit {

class LocalShare;

struct SlotSettings {
  std::string node;                         // owner in Redis, unique among nodes
  std::string prefix = "sluice:1:slots:";   // version of the scripts and their data; then "{scope}"
  std::chrono::milliseconds lease{30'000};  // a lease that is not renewed ends after that
  std::chrono::milliseconds renew{10'000};  // how often leases are renewed
};

class Slots {
 public:
  // All references must outlive it. `share` is one per node, common to its workers.
  Slots(io::Worker& worker, redis::Client& redis, LocalShare& share, SlotSettings settings,
        observe::MetricsRegistry& metrics);
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  ~Slots();

  // Renews leases from now on. Called once, before the first acquire.
  void start();

  // Takes one of `limit` slots of a scope such as "user:<id>" for a request, whose id must be unique.
  // 0 = unlimited, without a call to Redis. kResourceExhausted, with the limit in the message, when all are taken.
  // Never waits longer than the Redis client's command limit.
  [[nodiscard]] io::Task<Result<Lease>> acquire(std::string scope, std::uint32_t limit, std::string request);

  // Leases that this worker holds now.
  [[nodiscard]] std::size_t held() const;

 private:
  friend class Lease;
  void release(std::uint64_t id) noexcept;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::limit
