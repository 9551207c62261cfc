// The admin API's OAuth clients. Secrets are sealed before they are stored and never read back; endpoints obey the
// rules of base URLs.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/oauth/logins.h"
#include "controlplane/store/oauth_clients.h"
#include "sluice/admin/v1/oauth_clients.grpc.pb.h"

namespace sluice::api {

class OAuthClientServiceImpl final : public admin::v1::OAuthClientService::Service {
 public:
  OAuthClientServiceImpl(const AdminContext& admin, const oauth::VaultContext& vault) : admin_(admin), vault_(vault) {}

  grpc::Status ListOAuthClients(grpc::ServerContext* context, const admin::v1::ListOAuthClientsRequest* request,
                                admin::v1::ListOAuthClientsResponse* response) override;
  grpc::Status GetOAuthClient(grpc::ServerContext* context, const admin::v1::GetOAuthClientRequest* request,
                              admin::v1::GetOAuthClientResponse* response) override;
  grpc::Status CreateOAuthClient(grpc::ServerContext* context, const admin::v1::CreateOAuthClientRequest* request,
                                 admin::v1::CreateOAuthClientResponse* response) override;
  grpc::Status UpdateOAuthClient(grpc::ServerContext* context, const admin::v1::UpdateOAuthClientRequest* request,
                                 admin::v1::UpdateOAuthClientResponse* response) override;
  grpc::Status DeleteOAuthClient(grpc::ServerContext* context, const admin::v1::DeleteOAuthClientRequest* request,
                                 admin::v1::DeleteOAuthClientResponse* response) override;
  grpc::Status ListOAuthPresets(grpc::ServerContext* context, const admin::v1::ListOAuthPresetsRequest* request,
                                admin::v1::ListOAuthPresetsResponse* response) override;

 private:
  [[nodiscard]] Result<> from_message(const admin::v1::OAuthClient& client, store::OAuthClient& into) const;

  const AdminContext& admin_;
  const oauth::VaultContext& vault_;
};

}  // namespace sluice::api
