// Identities at OpenID providers in the admin API: one's own, and those of others. Blocking; gRPC's threads.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/identity/passwords.h"
#include "controlplane/oidc/logins.h"
#include "sluice/admin/v1/oidc.grpc.pb.h"

namespace sluice::api {

class IdentityServiceImpl final : public admin::v1::IdentityService::Service {
 public:
  IdentityServiceImpl(const AdminContext& admin, const identity::PasswordHasher& hasher, const oidc::OidcContext& oidc)
      : admin_(admin), hasher_(hasher), oidc_(oidc) {}

  grpc::Status ListIdentities(grpc::ServerContext* context, const admin::v1::ListIdentitiesRequest* request,
                              admin::v1::ListIdentitiesResponse* response) override;
  grpc::Status BeginLinkIdentity(grpc::ServerContext* context, const admin::v1::BeginLinkIdentityRequest* request,
                                 admin::v1::BeginLinkIdentityResponse* response) override;
  grpc::Status LinkIdentity(grpc::ServerContext* context, const admin::v1::LinkIdentityRequest* request,
                            admin::v1::LinkIdentityResponse* response) override;
  grpc::Status UnlinkIdentity(grpc::ServerContext* context, const admin::v1::UnlinkIdentityRequest* request,
                              admin::v1::UnlinkIdentityResponse* response) override;
  grpc::Status ListUserIdentities(grpc::ServerContext* context, const admin::v1::ListUserIdentitiesRequest* request,
                                  admin::v1::ListUserIdentitiesResponse* response) override;
  grpc::Status UnlinkUserIdentity(grpc::ServerContext* context, const admin::v1::UnlinkUserIdentityRequest* request,
                                  admin::v1::UnlinkUserIdentityResponse* response) override;

 private:
  const AdminContext& admin_;
  const identity::PasswordHasher& hasher_;
  const oidc::OidcContext& oidc_;
};

}  // namespace sluice::api
