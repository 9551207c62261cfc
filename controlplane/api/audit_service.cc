#include "controlplane/api/audit_service.h"

#include <google/protobuf/util/json_util.h>

#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<> read_json(const std::string& text, google::protobuf::Struct& into) {
  if (google::protobuf::util::JsonStringToMessage(text, &into).ok()) return {};
  return fail(ErrorCode::kDataLoss, "an audit record holds something else than a JSON object");
}

Result<> to_message(const store::AuditRecord& row, v1::AuditRecord& into) {
  into.set_id(row.id);
  set_time(into.mutable_at(), row.at);
  into.set_actor(row.actor);
  into.set_action(row.action);
  into.set_object_kind(row.object_kind);
  into.set_object_id(row.object_id);
  into.set_request_id(row.request_id);
  if (row.before) {
    if (Result<> read = read_json(*row.before, *into.mutable_before()); !read) return read;
  }
  if (row.after) return read_json(*row.after, *into.mutable_after());
  return {};
}

}  // namespace

grpc::Status AuditServiceImpl::ListAuditRecords(grpc::ServerContext* context,
                                                const v1::ListAuditRecordsRequest* request,
                                                v1::ListAuditRecordsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (!request->object_id().empty() && request->object_kind().empty()) {
      return fail(ErrorCode::kInvalidArgument, "object_id: needs object_kind");
    }
    store::AuditFilter filter;
    if (!request->actor().empty()) filter.actor = request->actor();
    if (!request->object_kind().empty()) filter.object_kind = request->object_kind();
    if (!request->object_id().empty()) filter.object_id = request->object_id();
    const auto page = store::list_audit(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::AuditRecord& row : page->rows) {
      if (Result<> filled = to_message(row, *response->add_audit_records()); !filled) return filled;
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

}  // namespace sluice::api
