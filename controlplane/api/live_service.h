// The admin API's view of what goes on now, and orders to nodes.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/live/hub.h"
#include "sluice/admin/v1/live.grpc.pb.h"

namespace sluice::api {

// Watching takes no thread: gRPC's callback API. The rest is as in other services.
class LiveServiceImpl final
    : public admin::v1::LiveService::WithCallbackMethod_WatchOverview<admin::v1::LiveService::Service> {
 public:
  // How long one stream lasts: then the client comes back, and shows that it still may.
  static constexpr std::chrono::minutes kStreamTime{10};

  // Both outlive it and the server.
  LiveServiceImpl(const AdminContext& admin, live::Hub& hub) : admin_(admin), hub_(hub) {}

  grpc::Status GetOverview(grpc::ServerContext* context, const admin::v1::GetOverviewRequest* request,
                           admin::v1::GetOverviewResponse* response) override;
  grpc::ServerWriteReactor<admin::v1::WatchOverviewResponse>* WatchOverview(
      grpc::CallbackServerContext* context, const admin::v1::WatchOverviewRequest* request) override;
  grpc::Status DrainNode(grpc::ServerContext* context, const admin::v1::DrainNodeRequest* request,
                         admin::v1::DrainNodeResponse* response) override;
  grpc::Status UndrainNode(grpc::ServerContext* context, const admin::v1::UndrainNodeRequest* request,
                           admin::v1::UndrainNodeResponse* response) override;

 private:
  const AdminContext& admin_;
  live::Hub& hub_;
};

}  // namespace sluice::api
