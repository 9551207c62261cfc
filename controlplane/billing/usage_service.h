// gRPC UsageService: takes batches from nodes and acknowledges each once it is durable. Thread per stream.
#pragma once

#include <grpcpp/server_context.h>

#include <mutex>
#include <optional>
#include <unordered_map>

#include "common/base/secret.h"
#include "controlplane/billing/ingest.h"
#include "controlplane/enrolment/node_gate.h"
#include "controlplane/usage/decisions.h"
#include "sluice/usage/v1/usage.grpc.pb.h"

namespace sluice::billing {

class UsageServiceImpl final : public usage::v1::UsageService::Service {
 public:
  // Every node on this machine presents `node_token` as "authorization: Bearer ...". `gate` lets in those that come
  // over TLS; null: there is no TLS. All references outlive the service.
  UsageServiceImpl(Ingest& ingest, usage::DecisionStore& decisions, Secret node_token,
                   const enrolment::NodeGate* gate = nullptr)
      : ingest_(ingest), decisions_(decisions), node_token_(std::move(node_token)), gate_(gate) {}

  // Ends with UNAUTHENTICATED or PERMISSION_DENIED, or with UNAVAILABLE while the database is away: the node sends
  // again what was not acknowledged. Ends with CANCELLED once `end_streams` was called.
  grpc::Status Report(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<usage::v1::ReportResponse, usage::v1::ReportRequest>* stream) override;

  // Ends every stream and refuses new ones, before the server is shut down: nodes keep theirs open for good. A batch
  // that is being stored is stored to its end. Any thread.
  void end_streams();
  // Ends the streams of nodes whose certificate was revoked or has ended. Any thread.
  void end_unwelcome();

 private:
  class Stream;

  [[nodiscard]] bool knows_token(const grpc::ServerContext& context) const;
  [[nodiscard]] Result<std::optional<enrolment::NodeIdentity>> admit(const grpc::ServerContext& context) const;

  Ingest& ingest_;
  usage::DecisionStore& decisions_;
  const Secret node_token_;
  const enrolment::NodeGate* const gate_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::unordered_map<grpc::ServerContext*, std::optional<enrolment::NodeIdentity>> streams_;
};

}  // namespace sluice::billing
