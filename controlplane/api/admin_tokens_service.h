// The admin API's own tokens.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/admin_tokens.grpc.pb.h"

namespace sluice::api {

class AdminTokenServiceImpl final : public admin::v1::AdminTokenService::Service {
 public:
  explicit AdminTokenServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListAdminTokens(grpc::ServerContext* context, const admin::v1::ListAdminTokensRequest* request,
                               admin::v1::ListAdminTokensResponse* response) override;
  grpc::Status CreateAdminToken(grpc::ServerContext* context, const admin::v1::CreateAdminTokenRequest* request,
                                admin::v1::CreateAdminTokenResponse* response) override;
  grpc::Status DeleteAdminToken(grpc::ServerContext* context, const admin::v1::DeleteAdminTokenRequest* request,
                                admin::v1::DeleteAdminTokenResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
