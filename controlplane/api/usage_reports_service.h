// The admin API's reports over usage.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/usage_reports.grpc.pb.h"

namespace sluice::api {

class UsageReportsServiceImpl final : public admin::v1::UsageReportsService::Service {
 public:
  explicit UsageReportsServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status GetUsageSummary(grpc::ServerContext* context, const admin::v1::GetUsageSummaryRequest* request,
                               admin::v1::GetUsageSummaryResponse* response) override;
  grpc::Status GetUsageSeries(grpc::ServerContext* context, const admin::v1::GetUsageSeriesRequest* request,
                              admin::v1::GetUsageSeriesResponse* response) override;
  grpc::Status ListTopUsage(grpc::ServerContext* context, const admin::v1::ListTopUsageRequest* request,
                            admin::v1::ListTopUsageResponse* response) override;
  grpc::Status ListUsageFacets(grpc::ServerContext* context, const admin::v1::ListUsageFacetsRequest* request,
                               admin::v1::ListUsageFacetsResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
