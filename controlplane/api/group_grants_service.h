// The admin API's grants of groups to users.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/group_grants.grpc.pb.h"

namespace sluice::api {

class GroupGrantServiceImpl final : public admin::v1::GroupGrantService::Service {
 public:
  explicit GroupGrantServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListGroupGrants(grpc::ServerContext* context, const admin::v1::ListGroupGrantsRequest* request,
                               admin::v1::ListGroupGrantsResponse* response) override;
  grpc::Status PutGroupGrant(grpc::ServerContext* context, const admin::v1::PutGroupGrantRequest* request,
                             admin::v1::PutGroupGrantResponse* response) override;
  grpc::Status DeleteGroupGrant(grpc::ServerContext* context, const admin::v1::DeleteGroupGrantRequest* request,
                                admin::v1::DeleteGroupGrantResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
