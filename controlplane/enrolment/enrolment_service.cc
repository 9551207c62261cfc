#include "controlplane/enrolment/enrolment_service.h"

#include "common/observe/log.h"

namespace sluice::enrolment {

using observe::Level;

namespace {

grpc::Status status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
    case ErrorCode::kResourceExhausted:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message};
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
      return to_node_status(error);
    default:
      return {grpc::StatusCode::UNAVAILABLE, "certificates cannot be issued at present"};
  }
}

grpc::Status refused(const grpc::ServerContext& context, const std::string& node_id, const Error& error) {
  observe::log(Level::kWarn, "enrolment_refused",
               {{"peer", context.peer()}, {"node_id", node_id}, {"reason", error.message}});
  return status_of(error);
}

}  // namespace

grpc::Status EnrolmentServiceImpl::Enrol(grpc::ServerContext* context, const v1::EnrolRequest* request,
                                         v1::EnrolResponse* response) {
  // Without TLS the token would go in clear, and the certificate would be of no use.
  if (!over_tls(*context->auth_context())) {
    return {grpc::StatusCode::FAILED_PRECONDITION, "nodes enrol over TLS: dial the address of grpc_tls.listen"};
  }
  auto issued = issuer_.enrol(Secret(request->token()), request->node_id(), request->csr_pem());
  if (!issued) return refused(*context, request->node_id(), issued.error());
  observe::log(Level::kInfo, "node_enrolled", {{"peer", context->peer()}, {"node_id", request->node_id()}});
  response->set_certificate_pem(std::move(issued->certificate_pem));
  response->set_ca_pem(std::move(issued->ca_pem));
  return grpc::Status::OK;
}

grpc::Status EnrolmentServiceImpl::Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                                         v1::RenewResponse* response) {
  const auto identity = gate_.admit(*context->auth_context());
  if (!identity) return refused(*context, "", identity.error());
  if (!*identity) return {grpc::StatusCode::FAILED_PRECONDITION, "only a certificate shown over TLS can be renewed"};
  auto issued = issuer_.renew(**identity, request->csr_pem());
  if (!issued) return refused(*context, (*identity)->node_id, issued.error());
  observe::log(Level::kInfo, "node_renewed", {{"peer", context->peer()}, {"node_id", (*identity)->node_id}});
  response->set_certificate_pem(std::move(issued->certificate_pem));
  response->set_ca_pem(std::move(issued->ca_pem));
  return grpc::Status::OK;
}

grpc::Status EnrolmentServiceImpl::GetTrust(grpc::ServerContext* /*context*/, const v1::GetTrustRequest* /*request*/,
                                            v1::GetTrustResponse* response) {
  auto trust = issuer_.trust();
  if (!trust) return status_of(trust.error());
  response->set_ca_pem(std::move(*trust));
  return grpc::Status::OK;
}

}  // namespace sluice::enrolment
