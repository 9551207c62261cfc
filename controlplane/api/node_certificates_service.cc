#include "controlplane/api/node_certificates_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/enrolment/authorities.h"
#include "controlplane/enrolment/node_certificates.h"
#include "controlplane/enrolment/tokens.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::chrono::seconds kShortest{60}, kUsual{3'600}, kLongest{604'800};

void to_message(const enrolment::NodeCertificate& row, v1::NodeCertificate& into) {
  into.set_serial(row.serial);
  into.set_node_id(row.node_id);
  into.set_authority_id(row.authority_id);
  set_time(into.mutable_issued_at(), row.issued_at);
  set_time(into.mutable_expires_at(), row.expires_at);
  if (row.revoked_at) set_time(into.mutable_revoked_at(), *row.revoked_at);
}

void to_message(const enrolment::AuthorityRow& row, v1::CertificateAuthority& into) {
  into.set_id(row.id);
  into.set_state(row.state == enrolment::AuthorityState::kActive ? v1::CERTIFICATE_AUTHORITY_STATE_ACTIVE
                                                                 : v1::CERTIFICATE_AUTHORITY_STATE_TRUSTED);
  into.set_certificate_pem(row.certificate_pem);
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_expires_at(), row.expires_at);
}

Result<std::chrono::seconds> life_of(std::int32_t ttl_seconds) {
  if (ttl_seconds == 0) return kUsual;
  const std::chrono::seconds life(ttl_seconds);
  if (life >= kShortest && life <= kLongest) return life;
  return fail(ErrorCode::kInvalidArgument, "ttl_seconds: must be 60 to 604800, or 0 for an hour");
}

}  // namespace

grpc::Status NodeCertificateServiceImpl::CreateEnrolmentToken(grpc::ServerContext* context,
                                                              const v1::CreateEnrolmentTokenRequest* request,
                                                              v1::CreateEnrolmentTokenResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> fine = enrolment::check_node_id(request->node_id()); !fine) return fine;
    const auto life = life_of(request->ttl_seconds());
    if (!life) return std::unexpected(life.error());
    const SystemTime now = call.clock.now();
    // What the node is to believe must exist before the node does.
    if (auto signing = enrolment::signing_authority(call.tx, admin_.vault, now); !signing) {
      return std::unexpected(signing.error());
    }
    const auto believed = enrolment::believed_authorities(call.tx);
    if (!believed) return std::unexpected(believed.error());
    const auto made = enrolment::make_token(call.tx, request->node_id(), *life, now);
    if (!made) return std::unexpected(made.error());
    response->set_id(made->id);
    response->set_node_id(request->node_id());
    set_time(response->mutable_expires_at(), made->expires_at);
    const v1::CreateEnrolmentTokenResponse for_audit = *response;
    response->set_token(std::string(made->token.reveal()));
    response->set_ca_pem(enrolment::bundle_of(*believed));
    return call.audit("enrolment_token.create", "node", request->node_id(), nullptr, &for_audit);
  });
}

grpc::Status NodeCertificateServiceImpl::ListNodeCertificates(grpc::ServerContext* context,
                                                              const v1::ListNodeCertificatesRequest* request,
                                                              v1::ListNodeCertificatesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto rows = enrolment::list_certificates(call.tx, request->node_id(), call.clock.now());
    if (!rows) return std::unexpected(rows.error());
    for (const enrolment::NodeCertificate& row : *rows)
      to_message(row, *response->add_node_certificates());
    return {};
  });
}

grpc::Status NodeCertificateServiceImpl::RevokeNodeCertificate(grpc::ServerContext* context,
                                                               const v1::RevokeNodeCertificateRequest* request,
                                                               v1::RevokeNodeCertificateResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto before = enrolment::get_certificate(call.tx, request->serial());
    if (!before) return std::unexpected(before.error());
    if (Result<> locked = enrolment::lock_node(call.tx, before->node_id); !locked) return locked;
    const auto row = enrolment::revoke_certificate(call.tx, request->serial(), call.clock.now());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_node_certificate());
    return call.audit("node_certificate.revoke", "node", row->node_id, nullptr, &response->node_certificate());
  });
}

grpc::Status NodeCertificateServiceImpl::RevokeNode(grpc::ServerContext* context, const v1::RevokeNodeRequest* request,
                                                    v1::RevokeNodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> fine = enrolment::check_node_id(request->node_id()); !fine) return fine;
    const SystemTime now = call.clock.now();
    if (Result<> locked = enrolment::lock_node(call.tx, request->node_id()); !locked) return locked;
    const auto certificates = enrolment::revoke_certificates(call.tx, request->node_id(), now);
    if (!certificates) return std::unexpected(certificates.error());
    const auto tokens = enrolment::revoke_tokens(call.tx, request->node_id(), now);
    if (!tokens) return std::unexpected(tokens.error());
    response->set_certificates(*certificates);
    response->set_tokens(*tokens);
    return call.audit("node.revoke", "node", request->node_id(), nullptr, response);
  });
}

grpc::Status NodeCertificateServiceImpl::ListCertificateAuthorities(
    grpc::ServerContext* context, const v1::ListCertificateAuthoritiesRequest* request,
    v1::ListCertificateAuthoritiesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto rows = enrolment::believed_authorities(call.tx);
    if (!rows) return std::unexpected(rows.error());
    for (const enrolment::AuthorityRow& row : *rows)
      to_message(row, *response->add_certificate_authorities());
    return {};
  });
}

grpc::Status NodeCertificateServiceImpl::CreateCertificateAuthority(
    grpc::ServerContext* context, const v1::CreateCertificateAuthorityRequest* request,
    v1::CreateCertificateAuthorityResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = enrolment::make_authority(call.tx, admin_.vault, call.clock.now());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_certificate_authority());
    return call.audit("certificate_authority.create", "certificate_authority", row->id, nullptr,
                      &response->certificate_authority());
  });
}

grpc::Status NodeCertificateServiceImpl::ActivateCertificateAuthority(
    grpc::ServerContext* context, const v1::ActivateCertificateAuthorityRequest* request,
    v1::ActivateCertificateAuthorityResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = enrolment::activate_authority(call.tx, request->id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_certificate_authority());
    return call.audit("certificate_authority.activate", "certificate_authority", row->id, nullptr,
                      &response->certificate_authority());
  });
}

grpc::Status NodeCertificateServiceImpl::RetireCertificateAuthority(
    grpc::ServerContext* context, const v1::RetireCertificateAuthorityRequest* request,
    v1::RetireCertificateAuthorityResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> retired = enrolment::retire_authority(call.tx, request->id(), call.clock.now()); !retired) {
      return retired;
    }
    return call.audit("certificate_authority.retire", "certificate_authority", request->id(), nullptr, nullptr);
  });
}

}  // namespace sluice::api
