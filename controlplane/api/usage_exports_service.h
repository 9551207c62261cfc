// The admin API's exports of usage events.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/usage_exports.grpc.pb.h"

namespace sluice::api {

class UsageExportsServiceImpl final : public admin::v1::UsageExportsService::Service {
 public:
  explicit UsageExportsServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status CreateUsageExport(grpc::ServerContext* context, const admin::v1::CreateUsageExportRequest* request,
                                 admin::v1::CreateUsageExportResponse* response) override;
  grpc::Status ListUsageExports(grpc::ServerContext* context, const admin::v1::ListUsageExportsRequest* request,
                                admin::v1::ListUsageExportsResponse* response) override;
  grpc::Status GetUsageExport(grpc::ServerContext* context, const admin::v1::GetUsageExportRequest* request,
                              admin::v1::GetUsageExportResponse* response) override;
  grpc::Status GetUsageExportChunk(grpc::ServerContext* context, const admin::v1::GetUsageExportChunkRequest* request,
                                   admin::v1::GetUsageExportChunkResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
