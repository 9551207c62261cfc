// The admin API's groups.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/groups.grpc.pb.h"

namespace sluice::api {

class GroupServiceImpl final : public admin::v1::GroupService::Service {
 public:
  explicit GroupServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListGroups(grpc::ServerContext* context, const admin::v1::ListGroupsRequest* request,
                          admin::v1::ListGroupsResponse* response) override;
  grpc::Status GetGroup(grpc::ServerContext* context, const admin::v1::GetGroupRequest* request,
                        admin::v1::GetGroupResponse* response) override;
  grpc::Status CreateGroup(grpc::ServerContext* context, const admin::v1::CreateGroupRequest* request,
                           admin::v1::CreateGroupResponse* response) override;
  grpc::Status UpdateGroup(grpc::ServerContext* context, const admin::v1::UpdateGroupRequest* request,
                           admin::v1::UpdateGroupResponse* response) override;
  grpc::Status DeleteGroup(grpc::ServerContext* context, const admin::v1::DeleteGroupRequest* request,
                           admin::v1::DeleteGroupResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
