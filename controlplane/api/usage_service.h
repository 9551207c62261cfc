// The admin API's usage events.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/usage.grpc.pb.h"

namespace sluice::api {

class UsageServiceImpl final : public admin::v1::UsageService::Service {
 public:
  explicit UsageServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListUsageEvents(grpc::ServerContext* context, const admin::v1::ListUsageEventsRequest* request,
                               admin::v1::ListUsageEventsResponse* response) override;
  grpc::Status GetUsageEvent(grpc::ServerContext* context, const admin::v1::GetUsageEventRequest* request,
                             admin::v1::GetUsageEventResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
