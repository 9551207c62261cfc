// The admin API's view of what keeps accounts out of the choice.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/account_health.grpc.pb.h"

namespace sluice::api {

class AccountHealthServiceImpl final : public admin::v1::AccountHealthService::Service {
 public:
  explicit AccountHealthServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListAccountHealth(grpc::ServerContext* context, const admin::v1::ListAccountHealthRequest* request,
                                 admin::v1::ListAccountHealthResponse* response) override;

  grpc::Status ListAccountHealthHistory(grpc::ServerContext* context,
                                        const admin::v1::ListAccountHealthHistoryRequest* request,
                                        admin::v1::ListAccountHealthHistoryResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
