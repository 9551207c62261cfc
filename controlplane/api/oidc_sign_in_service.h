// Signing in through OpenID providers: open to strangers. Providers are asked outside of any transaction. Blocking;
// gRPC's threads.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/api/begin_session.h"
#include "controlplane/oidc/logins.h"
#include "controlplane/oidc/people.h"
#include "sluice/admin/v1/oidc.grpc.pb.h"

namespace sluice::api {

class OidcSignInServiceImpl final : public admin::v1::OidcSignInService::Service {
 public:
  OidcSignInServiceImpl(const AdminContext& admin, const oidc::OidcContext& oidc) : admin_(admin), oidc_(oidc) {}

  grpc::Status ListOidcSignInProviders(grpc::ServerContext* context,
                                       const admin::v1::ListOidcSignInProvidersRequest* request,
                                       admin::v1::ListOidcSignInProvidersResponse* response) override;
  grpc::Status BeginOidcSignIn(grpc::ServerContext* context, const admin::v1::BeginOidcSignInRequest* request,
                               admin::v1::BeginOidcSignInResponse* response) override;
  grpc::Status FinishOidcSignIn(grpc::ServerContext* context, const admin::v1::FinishOidcSignInRequest* request,
                                admin::v1::FinishOidcSignInResponse* response) override;

 private:
  // With the redirect's code: asks the provider.
  [[nodiscard]] grpc::Status finish_first(grpc::ServerContext& context,
                                          const admin::v1::FinishOidcSignInRequest& request,
                                          admin::v1::FinishOidcSignInResponse& response, SignedIn& done) const;
  // With a second factor: the provider has been asked.
  [[nodiscard]] grpc::Status finish_second(grpc::ServerContext& context,
                                           const admin::v1::FinishOidcSignInRequest& request,
                                           admin::v1::FinishOidcSignInResponse& response, SignedIn& done) const;
  // Ties the identity, notes what it changed, begins the session.
  [[nodiscard]] Result<SignedIn> enter(Call& call, const oidc::Taken& taken, const oidc::Person& person,
                                       oidc::Known& known, const SignIn& sign_in) const;

  const AdminContext& admin_;
  const oidc::OidcContext& oidc_;
};

}  // namespace sluice::api
