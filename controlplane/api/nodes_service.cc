#include "controlplane/api/nodes_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/store/nodes.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::Node& row, v1::Node& into) {
  into.set_id(row.node_id);
  into.set_boot_id(row.boot_id);
  into.set_build(row.build);
  into.set_config_version(row.version_number);
  into.set_ready(row.ready);
  into.set_draining(row.draining);
  into.set_open_streams(row.open_streams);
  into.set_journal_records(row.journal_records);
  into.set_journal_oldest_ms(row.journal_oldest_ms);
  into.set_rejections(row.rejections);
  set_time(into.mutable_last_seen_at(), row.last_seen);
  set_time(into.mutable_first_seen_at(), row.first_seen);
}

}  // namespace

grpc::Status NodeServiceImpl::ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                                        v1::ListNodesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto rows = store::list_nodes(call.tx);
    if (!rows) return std::unexpected(rows.error());
    for (const store::Node& row : *rows)
      to_message(row, *response->add_nodes());
    return {};
  });
}

grpc::Status NodeServiceImpl::GetNode(grpc::ServerContext* context, const v1::GetNodeRequest* request,
                                      v1::GetNodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = store::get_node(call.tx, request->id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_node());
    return {};
  });
}

grpc::Status NodeServiceImpl::DeleteNode(grpc::ServerContext* context, const v1::DeleteNodeRequest* request,
                                         v1::DeleteNodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> deleted = store::delete_node(call.tx, request->id()); !deleted) return deleted;
    return call.audit("node.delete", "node", request->id(), nullptr, nullptr);
  });
}

}  // namespace sluice::api
