// The admin API's view of the fleet.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/nodes.grpc.pb.h"

namespace sluice::api {

class NodeServiceImpl final : public admin::v1::NodeService::Service {
 public:
  explicit NodeServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListNodes(grpc::ServerContext* context, const admin::v1::ListNodesRequest* request,
                         admin::v1::ListNodesResponse* response) override;
  grpc::Status GetNode(grpc::ServerContext* context, const admin::v1::GetNodeRequest* request,
                       admin::v1::GetNodeResponse* response) override;
  grpc::Status DeleteNode(grpc::ServerContext* context, const admin::v1::DeleteNodeRequest* request,
                          admin::v1::DeleteNodeResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
