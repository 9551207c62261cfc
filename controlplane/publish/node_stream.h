// One node's stream on the control plane's side: reads hand over to the fleet, writes ask the fleet what is next, one
// at a time. Lives until gRPC is done with it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>

#include "controlplane/publish/config_service.h"

namespace sluice::publish {

class NodeStream final : public grpc::ServerBidiReactor<config::v1::SubscribeRequest, config::v1::SubscribeResponse> {
 public:
  // `identity`: as the node's certificate says; none: it has shown the node token.
  NodeStream(ConfigServiceImpl& service, std::optional<enrolment::NodeIdentity> identity)
      : service_(service), identity_(std::move(identity)) {}
  // Once the service knows it.
  void start(Fleet::SessionId session);

  [[nodiscard]] const std::optional<enrolment::NodeIdentity>& identity() const { return identity_; }

  // Writes what the fleet has for this node, unless a write is under way. Thread-safe.
  void pump();
  // Ends the stream. Thread-safe; only the first call counts.
  void end(const grpc::Status& status);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  [[nodiscard]] grpc::Status handle(const config::v1::SubscribeRequest& message);
  [[nodiscard]] grpc::Status on_hello(const config::v1::Hello& hello);

  ConfigServiceImpl& service_;
  const std::optional<enrolment::NodeIdentity> identity_;
  Fleet::SessionId session_ = 0;
  std::string node_id_;  // empty before hello; reactions only
  config::v1::SubscribeRequest incoming_;
  std::mutex mutex_;
  config::v1::SubscribeResponse outgoing_;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace sluice::publish
