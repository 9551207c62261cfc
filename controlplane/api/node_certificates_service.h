// Tokens that let nodes in, their certificates, and the authorities that sign these.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/node_certificates.grpc.pb.h"

namespace sluice::api {

class NodeCertificateServiceImpl final : public admin::v1::NodeCertificateService::Service {
 public:
  explicit NodeCertificateServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status CreateEnrolmentToken(grpc::ServerContext* context, const admin::v1::CreateEnrolmentTokenRequest* request,
                                    admin::v1::CreateEnrolmentTokenResponse* response) override;
  grpc::Status ListNodeCertificates(grpc::ServerContext* context, const admin::v1::ListNodeCertificatesRequest* request,
                                    admin::v1::ListNodeCertificatesResponse* response) override;
  grpc::Status RevokeNodeCertificate(grpc::ServerContext* context,
                                     const admin::v1::RevokeNodeCertificateRequest* request,
                                     admin::v1::RevokeNodeCertificateResponse* response) override;
  grpc::Status RevokeNode(grpc::ServerContext* context, const admin::v1::RevokeNodeRequest* request,
                          admin::v1::RevokeNodeResponse* response) override;
  grpc::Status ListCertificateAuthorities(grpc::ServerContext* context,
                                          const admin::v1::ListCertificateAuthoritiesRequest* request,
                                          admin::v1::ListCertificateAuthoritiesResponse* response) override;
  grpc::Status CreateCertificateAuthority(grpc::ServerContext* context,
                                          const admin::v1::CreateCertificateAuthorityRequest* request,
                                          admin::v1::CreateCertificateAuthorityResponse* response) override;
  grpc::Status ActivateCertificateAuthority(grpc::ServerContext* context,
                                            const admin::v1::ActivateCertificateAuthorityRequest* request,
                                            admin::v1::ActivateCertificateAuthorityResponse* response) override;
  grpc::Status RetireCertificateAuthority(grpc::ServerContext* context,
                                          const admin::v1::RetireCertificateAuthorityRequest* request,
                                          admin::v1::RetireCertificateAuthorityResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
