// OpenID providers in the admin API. Blocking; gRPC's threads.
#pragma once

#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/oidc/logins.h"
#include "sluice/admin/v1/oidc.grpc.pb.h"

namespace sluice::api {

class OidcProviderServiceImpl final : public admin::v1::OidcProviderService::Service {
 public:
  OidcProviderServiceImpl(const AdminContext& admin, const accounts::BaseUrlGuard& guard, const oidc::OidcContext& oidc)
      : admin_(admin), guard_(guard), oidc_(oidc) {}

  grpc::Status ListOidcProviders(grpc::ServerContext* context, const admin::v1::ListOidcProvidersRequest* request,
                                 admin::v1::ListOidcProvidersResponse* response) override;
  grpc::Status GetOidcProvider(grpc::ServerContext* context, const admin::v1::GetOidcProviderRequest* request,
                               admin::v1::GetOidcProviderResponse* response) override;
  grpc::Status CreateOidcProvider(grpc::ServerContext* context, const admin::v1::CreateOidcProviderRequest* request,
                                  admin::v1::CreateOidcProviderResponse* response) override;
  grpc::Status UpdateOidcProvider(grpc::ServerContext* context, const admin::v1::UpdateOidcProviderRequest* request,
                                  admin::v1::UpdateOidcProviderResponse* response) override;
  grpc::Status DeleteOidcProvider(grpc::ServerContext* context, const admin::v1::DeleteOidcProviderRequest* request,
                                  admin::v1::DeleteOidcProviderResponse* response) override;
  grpc::Status TestOidcProvider(grpc::ServerContext* context, const admin::v1::TestOidcProviderRequest* request,
                                admin::v1::TestOidcProviderResponse* response) override;

 private:
  // `into` is the row as it is stored, with its id; a new one has no issuer yet.
  [[nodiscard]] Result<> from_message(const admin::v1::OidcProvider& provider, store::OidcProvider& into) const;

  const AdminContext& admin_;
  const accounts::BaseUrlGuard& guard_;
  const oidc::OidcContext& oidc_;
};

}  // namespace sluice::api
