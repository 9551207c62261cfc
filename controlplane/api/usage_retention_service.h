// The admin API's policy of how long usage is kept.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/usage_retention.grpc.pb.h"

namespace sluice::api {

class UsageRetentionServiceImpl final : public admin::v1::UsageRetentionService::Service {
 public:
  explicit UsageRetentionServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status GetUsageRetention(grpc::ServerContext* context, const admin::v1::GetUsageRetentionRequest* request,
                                 admin::v1::GetUsageRetentionResponse* response) override;
  grpc::Status UpdateUsageRetention(grpc::ServerContext* context, const admin::v1::UpdateUsageRetentionRequest* request,
                                    admin::v1::UpdateUsageRetentionResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
