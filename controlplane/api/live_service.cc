#include "controlplane/api/live_service.h"

#include "controlplane/api/overview_watch.h"
#include "controlplane/live/overview.h"
#include "controlplane/store/nodes.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<> order(Call& call, const std::string& id, bool drain) {
  if (Result<> stored = store::set_drain_wanted(call.tx, id, drain); !stored) return stored;
  return call.audit(drain ? "node.drain" : "node.undrain", "node", id, nullptr, nullptr);
}

}  // namespace

grpc::Status LiveServiceImpl::GetOverview(grpc::ServerContext* context, const v1::GetOverviewRequest* request,
                                          v1::GetOverviewResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto overview = live::load_overview(call.tx, admin_.clock.now());
    if (!overview) return std::unexpected(overview.error());
    *response->mutable_overview() = std::move(*overview);
    auto traffic = live::load_traffic(call.tx, admin_.clock.now());
    if (!traffic) return std::unexpected(traffic.error());
    *response->mutable_overview()->mutable_traffic() = std::move(*traffic);
    return {};
  });
}

grpc::ServerWriteReactor<v1::WatchOverviewResponse>* LiveServiceImpl::WatchOverview(
    grpc::CallbackServerContext* context, const v1::WatchOverviewRequest* /*request*/) {
  return OverviewWatch::start(admin_, hub_, stream_caller(*context));
}

grpc::Status LiveServiceImpl::DrainNode(grpc::ServerContext* context, const v1::DrainNodeRequest* request,
                                        v1::DrainNodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) { return order(call, request->id(), true); });
}

grpc::Status LiveServiceImpl::UndrainNode(grpc::ServerContext* context, const v1::UndrainNodeRequest* request,
                                          v1::UndrainNodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) { return order(call, request->id(), false); });
}

}  // namespace sluice::api
