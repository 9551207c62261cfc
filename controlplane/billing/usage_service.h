// gRPC UsageService: takes batches from nodes and acknowledges each once it is durable. Thread per stream.
#pragma once

#include <grpcpp/server_context.h>

#include "common/base/secret.h"
#include "controlplane/billing/ingest.h"
#include "sluice/usage/v1/usage.grpc.pb.h"

namespace sluice::billing {

class UsageServiceImpl final : public usage::v1::UsageService::Service {
 public:
  // Every node presents `node_token` as "authorization: Bearer ...". `ingest` outlives the service.
  UsageServiceImpl(Ingest& ingest, Secret node_token) : ingest_(ingest), node_token_(std::move(node_token)) {}

  // Ends with UNAUTHENTICATED, or with UNAVAILABLE while the database is away: the node sends again what was not
  // acknowledged.
  grpc::Status Report(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<usage::v1::ReportResponse, usage::v1::ReportRequest>* stream) override;

 private:
  [[nodiscard]] bool authorized(const grpc::ServerContext& context) const;

  Ingest& ingest_;
  const Secret node_token_;
};

}  // namespace sluice::billing
