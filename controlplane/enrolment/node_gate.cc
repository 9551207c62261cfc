#include "controlplane/enrolment/node_gate.h"

#include <fmt/format.h>
#include <grpc/grpc_security_constants.h>

#include "common/pki/certificate.h"

namespace sluice::enrolment {

namespace {

std::string property_of(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
}

}  // namespace

bool over_tls(const grpc::AuthContext& context) {
  const std::string type = property_of(context, GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return type == GRPC_SSL_TRANSPORT_SECURITY_TYPE || type == GRPC_TLS_TRANSPORT_SECURITY_TYPE;
}

std::optional<NodeIdentity> identity_of(const grpc::AuthContext& context) {
  const std::string pem = property_of(context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.empty()) return std::nullopt;
  auto certificate = pki::read_certificate(pem);
  if (!certificate || !certificate->for_clients || certificate->common_name.empty()) return std::nullopt;
  return NodeIdentity{.node_id = std::move(certificate->common_name),
                      .serial = std::move(certificate->serial),
                      .not_after = certificate->not_after};
}

void NodeGate::set_revoked(std::set<std::string> serials) {
  const std::lock_guard lock(mutex_);
  revoked_ = std::move(serials);
}

Result<> NodeGate::check(const NodeIdentity& identity) const {
  if (identity.not_after <= clock_.now()) {
    return fail(ErrorCode::kPermissionDenied, "the node's certificate has ended: enrol the node again");
  }
  const std::lock_guard lock(mutex_);
  if (!revoked_) return fail(ErrorCode::kUnavailable, "it is not known yet which certificates are revoked");
  if (!revoked_->contains(identity.serial)) return {};
  return fail(ErrorCode::kPermissionDenied, "the node's certificate was revoked: enrol the node again");
}

Result<std::optional<NodeIdentity>> NodeGate::admit(const grpc::AuthContext& context) const {
  if (!over_tls(context)) return std::nullopt;
  std::optional<NodeIdentity> identity = identity_of(context);
  if (!identity) {
    return fail(ErrorCode::kUnauthenticated, "a node must show its certificate here: enrol it first");
  }
  if (Result<> good = check(*identity); !good) return std::unexpected(good.error());
  return identity;
}

Result<> check_node(const std::optional<NodeIdentity>& identity, const std::string& node_id) {
  if (!identity || identity->node_id == node_id) return {};
  return fail(ErrorCode::kPermissionDenied,
              fmt::format("the certificate is that of the node {}, not of {}", identity->node_id, node_id));
}

grpc::Status to_node_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthenticated:
      return {grpc::StatusCode::UNAUTHENTICATED, error.message};
    case ErrorCode::kPermissionDenied:
      return {grpc::StatusCode::PERMISSION_DENIED, error.message};
    default:
      return {grpc::StatusCode::UNAVAILABLE, error.message};
  }
}

}  // namespace sluice::enrolment
