// gRPC EnrolmentService: nodes buy their certificate with a token, and later the next one. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>

#include "controlplane/enrolment/issuer.h"
#include "sluice/enrolment/v1/enrolment.grpc.pb.h"

namespace sluice::enrolment {

class EnrolmentServiceImpl final : public v1::EnrolmentService::Service {
 public:
  // Both outlive it.
  EnrolmentServiceImpl(Issuer& issuer, const NodeGate& gate) : issuer_(issuer), gate_(gate) {}

  grpc::Status Enrol(grpc::ServerContext* context, const v1::EnrolRequest* request,
                     v1::EnrolResponse* response) override;
  grpc::Status Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                     v1::RenewResponse* response) override;
  grpc::Status GetTrust(grpc::ServerContext* context, const v1::GetTrustRequest* request,
                        v1::GetTrustResponse* response) override;

 private:
  Issuer& issuer_;
  const NodeGate& gate_;
};

}  // namespace sluice::enrolment
