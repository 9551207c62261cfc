// The admin API's OAuth logins and grants. Tokens go into the vault and never into an answer.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/oauth/refresher.h"
#include "sluice/admin/v1/oauth_logins.grpc.pb.h"

namespace sluice::api {

class OAuthLoginServiceImpl final : public admin::v1::OAuthLoginService::Service {
 public:
  // All outlive it.
  OAuthLoginServiceImpl(const AdminContext& admin, const oauth::VaultContext& vault, oauth::Refresher& refresher)
      : admin_(admin), vault_(vault), refresher_(refresher) {}

  grpc::Status StartOAuthLogin(grpc::ServerContext* context, const admin::v1::StartOAuthLoginRequest* request,
                               admin::v1::StartOAuthLoginResponse* response) override;
  grpc::Status FinishOAuthLogin(grpc::ServerContext* context, const admin::v1::FinishOAuthLoginRequest* request,
                                admin::v1::FinishOAuthLoginResponse* response) override;
  grpc::Status ReturnOAuthLogin(grpc::ServerContext* context, const admin::v1::ReturnOAuthLoginRequest* request,
                                admin::v1::ReturnOAuthLoginResponse* response) override;
  grpc::Status SetServiceAccountKey(grpc::ServerContext* context, const admin::v1::SetServiceAccountKeyRequest* request,
                                    admin::v1::SetServiceAccountKeyResponse* response) override;
  grpc::Status ListOAuthGrants(grpc::ServerContext* context, const admin::v1::ListOAuthGrantsRequest* request,
                               admin::v1::ListOAuthGrantsResponse* response) override;
  grpc::Status GetOAuthGrant(grpc::ServerContext* context, const admin::v1::GetOAuthGrantRequest* request,
                             admin::v1::GetOAuthGrantResponse* response) override;
  grpc::Status RefreshOAuthGrant(grpc::ServerContext* context, const admin::v1::RefreshOAuthGrantRequest* request,
                                 admin::v1::RefreshOAuthGrantResponse* response) override;
  grpc::Status RefreshOAuthTiers(grpc::ServerContext* context, const admin::v1::RefreshOAuthTiersRequest* request,
                                 admin::v1::RefreshOAuthTiersResponse* response) override;

 private:
  // Asks the provider and stores the answer, in a transaction of its own.
  [[nodiscard]] Result<store::OAuthGrant> end_login(const oauth::TakenLogin& login, const oauth::Returned& returned,
                                                    const std::string& actor, const std::string& request_id);

  const AdminContext& admin_;
  const oauth::VaultContext& vault_;
  oauth::Refresher& refresher_;
};

}  // namespace sluice::api
