// A control plane (real PostgreSQL, real gRPC) and nodes for tests of publishing.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/io/worker.h"
#include "controlplane/publish/config_service.h"
#include "controlplane/publish/health_recorder.h"
#include "controlplane/publish/publisher.h"
#include "controlplane/store/account_health.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/api_keys.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/groups.h"
#include "controlplane/store/nodes.h"
#include "controlplane/store/users.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/sync/client.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::testing {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline const RealClock& real_clock() {
  static const RealClock clock;
  return clock;
}

// One control-plane process: can be stopped and started again on the same database and port.
class ControlPlane {
 public:
  explicit ControlPlane(std::string conninfo)
      : conninfo_(std::move(conninfo)), vault_({{1, Secret(std::string(32, 'v'))}}) {
    start();
  }
  ~ControlPlane() { stop(); }

  void start() {
    pool_.emplace(db::PoolOptions{.conninfo = Secret(conninfo_), .acquire_limit = std::chrono::milliseconds(500)});
    health_.emplace(*pool_, real_clock());
    const auto record = [this](const std::string& node_id, const auto& report) { health_->add(node_id, report); };
    service_.emplace(publish::ConfigServiceOptions{.node_token = Secret("node-token"),
                                                   .fleet = {.heartbeat = std::chrono::milliseconds(500),
                                                             .spread_base = std::chrono::milliseconds(50)},
                                                   .on_credential_report = record,
                                                   .on_account_health = record},
                     real_clock());
    publisher_.emplace(publish::PublisherOptions{.conninfo = Secret(conninfo_)}, *pool_, vault_, *service_,
                       real_clock());
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&*service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) throw std::runtime_error("the gRPC server did not start");
  }
  void stop() {
    if (server_ == nullptr) return;
    service_->end_streams();
    server_->Shutdown();
    server_.reset();
    publisher_.reset();
    service_.reset();
    health_.reset();
    pool_.reset();
  }

  // Runs `change(tx)` in a transaction and commits.
  template <class F>
  auto write(F&& change) {
    return must(db::in_transaction(*pool_, std::forward<F>(change)));
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] publish::ConfigServiceImpl& service() { return *service_; }
  [[nodiscard]] publish::Publisher& publisher() { return *publisher_; }
  [[nodiscard]] db::Pool& pool() { return *pool_; }
  [[nodiscard]] const crypto::Vault& vault() const { return vault_; }

 private:
  const std::string conninfo_;
  crypto::Vault vault_;
  int port_ = 0;
  std::optional<db::Pool> pool_;
  std::optional<publish::HealthRecorder> health_;
  std::optional<publish::ConfigServiceImpl> service_;
  std::optional<publish::Publisher> publisher_;
  std::unique_ptr<grpc::Server> server_;
};

// One data-plane node: a worker that turns, and the sync client.
class NodeProcess {
 public:
  NodeProcess(const std::string& address, const std::string& node_id, std::string token = "node-token",
              std::shared_ptr<const snapshot::Snapshot> start = nullptr,
              std::function<std::string(const std::string&)> find_decision = {})
      : worker_(0, real_clock()), holder_(worker_) {
    thread_ = std::thread([this] { worker_.run(); });
    client_.emplace(
        sync::ClientOptions{.endpoint = {.address = address, .token = Secret(std::move(token))},
                            .identity = {node_id, Uuid::generate(real_clock().now()).to_string(), "test", {}},
                            .start = std::move(start),
                            .holders = {&holder_},
                            .find_decision = std::move(find_decision)},
        real_clock());
  }
  ~NodeProcess() {
    client_.reset();
    worker_.stop();
    thread_.join();
  }

  // What the worker uses now, read on its own thread.
  [[nodiscard]] std::shared_ptr<const snapshot::Snapshot> config() {
    std::promise<std::shared_ptr<const snapshot::Snapshot>> promise;
    worker_.post([&] { promise.set_value(holder_.current()); });
    return promise.get_future().get();
  }
  [[nodiscard]] sync::Client& client() { return *client_; }

 private:
  io::Worker worker_;
  snapshot::SnapshotHolder holder_;
  std::thread thread_;
  std::optional<sync::Client> client_;
};

inline std::string new_id() {
  return Uuid::generate(real_clock().now()).to_string();
}

// Rows with only what matters for publishing.
inline store::User new_user() {
  const std::string id = new_id();
  return {.id = id, .email = id + "@example.com"};
}
inline store::Group new_group() {
  return {.id = new_id(), .name = "group"};
}
inline store::ApiKey new_key(const std::string& user_id, const std::string& group_id, char fill) {
  const std::string id = new_id();
  return {.id = id,
          .user_id = user_id,
          .group_id = group_id,
          .name = "key",
          .public_id = id,
          .last4 = "last",
          .key_hmac = std::string(32, fill)};
}

}  // namespace sluice::testing
