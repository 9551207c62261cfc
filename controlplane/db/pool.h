// A bounded set of connections. Thread-safe; must outlive its leases. Connections are opened when first needed; a
// broken one is dropped when it comes back and a fresh one is opened for the next user.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/connection.h"

namespace sluice::db {

struct PoolOptions {
  Secret conninfo;
  std::size_t size = 8;
  // How long acquire() waits for a free connection and, while the server is away, keeps dialing.
  std::chrono::milliseconds acquire_limit{5'000};
  ConnectOptions connect = {};
};

// For metrics. The counters only rise.
struct PoolStats {
  std::size_t in_use = 0;
  std::size_t idle = 0;
  std::size_t waiting = 0;
  std::uint64_t opened = 0;
  std::uint64_t open_failures = 0;
  std::uint64_t dropped_broken = 0;
  std::uint64_t timeouts = 0;
};

class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A borrowed connection; goes back when destroyed, rolled back if a transaction was left open.
  class Lease {
   public:
    Lease(Pool* pool, Connection connection) : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    [[nodiscard]] Connection& operator*() { return connection_; }
    [[nodiscard]] Connection* operator->() { return &connection_; }

   private:
    Pool* pool_;
    Connection connection_;
  };

  // kResourceExhausted if all connections stay busy for acquire_limit, kUnavailable if the server stays away.
  [[nodiscard]] Result<Lease> acquire();
  [[nodiscard]] Result<Lease> acquire(std::chrono::milliseconds limit);

  [[nodiscard]] PoolStats stats() const;

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  Result<Connection> open_until(Deadline deadline);
  void give_back(Connection connection);

  PoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Connection> idle_;
  PoolStats stats_;
};

}  // namespace sluice::db
