// The admin API's catalog: what a user may use.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/catalog.grpc.pb.h"

namespace sluice::api {

class CatalogServiceImpl final : public admin::v1::CatalogService::Service {
 public:
  explicit CatalogServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListUsableGroups(grpc::ServerContext* context, const admin::v1::ListUsableGroupsRequest* request,
                                admin::v1::ListUsableGroupsResponse* response) override;
  grpc::Status ListUsableModels(grpc::ServerContext* context, const admin::v1::ListUsableModelsRequest* request,
                                admin::v1::ListUsableModelsResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
