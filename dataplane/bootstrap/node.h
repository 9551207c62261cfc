// The data-plane node: makes every object once, in the order in which they need each other, and takes them down in
// reverse. The only place of the plane that knows all concrete types.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/api_key.h"
#include "common/observe/metrics.h"
#include "dataplane/admin/server.h"
#include "dataplane/bootstrap/node_config.h"
#include "dataplane/bootstrap/worker_runtime.h"
#include "dataplane/enrolment/node_credentials.h"
#include "dataplane/snapshot/disk_copy.h"
#include "dataplane/snapshot/disk_writer.h"
#include "dataplane/sync/client.h"
#include "dataplane/usage/journal.h"
#include "dataplane/usage/uploader.h"

namespace sluice::bootstrap {

class Node {
 public:
  explicit Node(const NodeConfig& config) : config_(config) {}
  ~Node();

  // Serves once it returns; an error says what to do about it.
  [[nodiscard]] Result<> start();
  // Takes no new work, lets running requests end within the drain limit, reports usage. Blocks.
  void drain_and_stop();

 private:
  [[nodiscard]] Result<> read_secrets();
  [[nodiscard]] Result<> open_journal();
  [[nodiscard]] Result<> open_credentials();
  [[nodiscard]] sync::Endpoint endpoint() const;
  [[nodiscard]] Result<> make_workers();
  void start_sync();
  [[nodiscard]] Result<> start_admin();
  [[nodiscard]] admin::Checks readiness();
  [[nodiscard]] sync::Report report() const;
  void remember_unacknowledged();
  void report_health(const pick::HealthNews& news);
  void report_credential(const std::string& account_id, std::uint64_t revision, unsigned status);
  [[nodiscard]] std::string find_decision(std::string_view request_id) const;

  const NodeConfig& config_;
  const RealClock clock_;
  observe::MetricsRegistry metrics_;
  // Not ready: on its way out, or taken aside by the control plane. What comes all the same is served.
  [[nodiscard]] bool away() const { return draining_ || taken_aside_; }

  std::atomic<bool> draining_ = false;
  std::atomic<bool> taken_aside_ = false;
  std::optional<crypto::ApiKeyHasher> key_hasher_;
  Secret snapshot_key_;
  Secret node_token_;
  redis::Endpoint redis_;
  Secret redis_password_;
  std::unique_ptr<usage::Journal> journal_;
  std::atomic<sync::Client*> live_sync_ = nullptr;  // for the local share, while there is one
  std::optional<limit::NodeLimits> limits_;
  std::optional<NodeShared> shared_;
  std::vector<std::unique_ptr<WorkerRuntime>> workers_;
  std::unique_ptr<enrolment::NodeCredentials> credentials_;  // null without TLS
  std::optional<snapshot::DiskCopy> disk_copy_;
  std::optional<snapshot::DiskWriter> disk_writer_;
  std::unique_ptr<usage::Uploader> uploader_;
  std::unique_ptr<sync::Client> sync_;
  std::unique_ptr<admin::Server> admin_;
};

// Runs until SIGTERM or SIGINT, then drains. Returns the process's exit code. Logs what it does.
[[nodiscard]] int run_node(const NodeConfig& config);

}  // namespace sluice::bootstrap
