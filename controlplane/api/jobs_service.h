// The admin API's view of the fleet's jobs.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/jobs.grpc.pb.h"

namespace sluice::api {

class JobServiceImpl final : public admin::v1::JobService::Service {
 public:
  explicit JobServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListJobs(grpc::ServerContext* context, const admin::v1::ListJobsRequest* request,
                        admin::v1::ListJobsResponse* response) override;
  grpc::Status TriggerJob(grpc::ServerContext* context, const admin::v1::TriggerJobRequest* request,
                          admin::v1::TriggerJobResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
