// One worker of the node with everything that belongs to it, on its own thread.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "common/http/client_pool.h"
#include "common/io/listener.h"
#include "common/io/worker.h"
#include "dataplane/bootstrap/node_config.h"
#include "dataplane/limit/limiter.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/pick/decision_ring.h"
#include "dataplane/pick/health_share.h"
#include "dataplane/pick/sticky.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/subscriber.h"
#include "dataplane/request/overload.h"
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
  limit::NodeLimits& limits;
  const redis::Endpoint& redis;
  const Secret& redis_password;
  observe::MetricsRegistry& metrics;
  // To the control plane; thread-safe.
  pick::HealthShare::Report report_health;
  request::ReportCredential report_credential;
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
  // The newest decision on this request, if this worker remembers it. Thread-safe.
  [[nodiscard]] std::optional<pick::Decision> find_decision(std::string_view request_id) const {
    return decisions_.find(request_id);
  }
  // Requests being served. Thread-safe.
  [[nodiscard]] std::uint64_t busy() const { return sessions_.busy(); }

 private:
  io::Worker worker_;
  snapshot::SnapshotHolder holder_;
  redis::Client redis_;
  redis::Subscriber subscriber_;
  limit::Limiter limiter_;
  pick::HealthShare health_;
  pick::Chooser chooser_;
  pick::StickyMemory conversations_;
  pick::DecisionRing decisions_;
  http::ClientPool upstreams_;
  request::Metrics metrics_;
  request::Sessions sessions_;
  request::RetryBudget retries_;
  request::DecisionRate decision_rate_;
  request::Overload overload_;
  request::Services services_;
  std::optional<io::Listener> listener_;
  std::thread thread_;
};

}  // namespace sluice::bootstrap
