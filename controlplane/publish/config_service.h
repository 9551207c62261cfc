// The gRPC service that nodes subscribe to. Register it with a grpc::Server; shut that server down before destroying
// it. Thread-safe. No thread per node: gRPC's callback API and one ticker.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "controlplane/enrolment/node_gate.h"
#include "controlplane/publish/decision_desk.h"
#include "controlplane/publish/fleet.h"
#include "sluice/config/v1/config.grpc.pb.h"

namespace sluice::publish {

class NodeStream;

struct ConfigServiceOptions {
  // What nodes on this machine show as "authorization: Bearer ...". Not empty.
  Secret node_token;
  // Lets in those that come over TLS; outlives the service. Null: there is no TLS.
  const enrolment::NodeGate* gate = nullptr;
  FleetOptions fleet = {};
  // Called on gRPC's threads; must not block. May be empty.
  std::function<void(const std::string& node_id, const config::v1::CredentialReport&)> on_credential_report = {};
  std::function<void(const std::string& node_id, const config::v1::AccountHealth&)> on_account_health = {};
};

class ConfigServiceImpl final : public config::v1::ConfigService::CallbackService {
 public:
  ConfigServiceImpl(ConfigServiceOptions options, const Clock& clock);
  ConfigServiceImpl(const ConfigServiceImpl&) = delete;
  ConfigServiceImpl& operator=(const ConfigServiceImpl&) = delete;
  // Waits until every stream has ended.
  ~ConfigServiceImpl() override;

  // Ends every stream, so that the server can shut down without cutting them.
  void end_streams();

  // Ends the streams of nodes whose certificate was revoked or has ended.
  void end_unwelcome();

  // For Publisher and metrics: `use` runs under the lock; streams that got something to do are woken afterwards.
  template <class F>
  auto with_fleet(F&& use) {
    struct Wake {
      ConfigServiceImpl& service;
      ~Wake() { service.wake_if_changed(); }
    } wake{*this};
    const std::lock_guard lock(mutex_);
    return use(fleet_);
  }
  // Asks every connected node for the decision record of a request; the first that has it wins. Blocks up to `limit`.
  [[nodiscard]] std::optional<NodeDecision> find_decision(const std::string& request_id,
                                                          std::chrono::milliseconds limit);
  [[nodiscard]] std::size_t live_nodes();
  [[nodiscard]] FleetCounters counters();

 private:
  friend class NodeStream;
  grpc::ServerBidiReactor<config::v1::SubscribeRequest, config::v1::SubscribeResponse>* Subscribe(
      grpc::CallbackServerContext* context) override;

  [[nodiscard]] bool knows_token(const grpc::CallbackServerContext& context) const;
  [[nodiscard]] Result<std::optional<enrolment::NodeIdentity>> admit(const grpc::CallbackServerContext& context) const;
  void wake_if_changed();
  void end_session(Fleet::SessionId session, const grpc::Status& status);
  void tick();
  // For the streams.
  [[nodiscard]] Fleet::SessionId add(std::shared_ptr<NodeStream> stream);
  void remove(Fleet::SessionId session);

  const ConfigServiceOptions options_;
  const Clock& clock_;
  DecisionDesk decisions_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Fleet fleet_;
  std::map<Fleet::SessionId, std::shared_ptr<NodeStream>> streams_;
  Fleet::SessionId last_session_ = 0;
  bool stopping_ = false;
  std::thread ticker_;  // last: it uses the others
};

}  // namespace sluice::publish
