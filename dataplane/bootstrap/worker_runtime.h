// One worker of the node with everything that belongs to it, on its own thread.
#pragma once

#include <memory>
#include <thread>

#include "common/http/client_pool.h"
#include "common/io/listener.h"
#include "common/io/worker.h"
#include "dataplane/bootstrap/node_config.h"
#include "dataplane/limit/local_share.h"
#include "dataplane/limit/slots.h"
#include "dataplane/redis/client.h"
#include "dataplane/request/services.h"
#include "dataplane/request/sessions.h"
#include "dataplane/snapshot/holder.h"

namespace sluice::bootstrap {

// What all workers share; outlives them.
struct NodeShared {
  const NodeConfig& config;
  const Clock& clock;
  const crypto::ApiKeyHasher& key_hasher;
  usage::Journal& journal;
  limit::LocalShare& local_share;
  const redis::Endpoint& redis;
  observe::MetricsRegistry& metrics;
};

class WorkerRuntime {
 public:
  WorkerRuntime(int index, NodeShared& shared);
  ~WorkerRuntime();

  // Opens the listener; before start().
  [[nodiscard]] Result<> listen(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  // Runs the worker on its own thread.
  void start();

  // Thread-safe: stops listening, closes idle connections; `done` runs on the worker once the last request has ended.
  void drain(std::function<void()> done);
  // Thread-safe: running requests end with an error of their protocol.
  void end_requests();
  // Thread-safe; then waits for the thread.
  void stop();

  [[nodiscard]] snapshot::SnapshotHolder& holder() { return holder_; }
  // Requests being served. Thread-safe.
  [[nodiscard]] std::uint64_t busy() const { return sessions_.busy(); }

 private:
  io::Worker worker_;
  snapshot::SnapshotHolder holder_;
  redis::Client redis_;
  limit::Slots slots_;
  http::ClientPool upstreams_;
  request::Metrics metrics_;
  request::Sessions sessions_;
  request::Services services_;
  std::optional<io::Listener> listener_;
  std::thread thread_;
};

}  // namespace sluice::bootstrap
