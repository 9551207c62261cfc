#include "controlplane/api/usage_exports_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/export_usage_job.h"
#include "controlplane/jobs/lease.h"
#include "controlplane/usage/exports.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<> to_message(const usage::Export& row, v1::UsageExport& into) {
  v1::CreateUsageExportRequest request;
  if (!request.ParseFromString(row.request)) return fail(ErrorCode::kInternal, "a usage export is unreadable");
  into.set_id(row.id);
  into.set_actor(row.actor);
  *into.mutable_filter() = request.filter();
  into.set_format(request.format());
  into.set_state(static_cast<v1::UsageExportState>(static_cast<int>(row.state) + 1));
  into.set_rows(row.rows);
  into.set_chunks(row.chunks);
  into.set_bytes(row.bytes);
  into.set_error(row.error);
  set_time(into.mutable_created_at(), row.created_at);
  if (row.ended_at) set_time(into.mutable_ended_at(), *row.ended_at);
  set_time(into.mutable_expires_at(), row.created_at + usage::kExportKept);
  return {};
}

// Makes the range fixed: what comes later does not come in.
Result<v1::CreateUsageExportRequest> complete(const Call& call, v1::CreateUsageExportRequest request) {
  v1::UsageFilter& filter = *request.mutable_filter();
  if (!v1::UsageExportFormat_IsValid(request.format())) {
    return fail(ErrorCode::kInvalidArgument, "format: unknown value");
  }
  if (request.format() == v1::USAGE_EXPORT_FORMAT_UNSPECIFIED) request.set_format(v1::USAGE_EXPORT_FORMAT_CSV);
  if (!filter.has_until()) set_time(filter.mutable_until(), call.clock.now());
  if (!filter.has_from()) set_time(filter.mutable_from(), to_time(filter.until()) - std::chrono::days(1));
  if (to_time(filter.from()) >= to_time(filter.until())) {
    return fail(ErrorCode::kInvalidArgument, "filter: from must be before until");
  }
  if (!filter.account_id().empty() && call.reach != Reach::kAll) {
    return fail(ErrorCode::kPermissionDenied, "accounts are the operator's business: this needs the scope usage.read");
  }
  return request;
}

Result<usage::Export> visible(Call& call, const std::string& id) {
  auto row = usage::get_export(call.tx, id);
  if (!row) return row;
  if (!call.sees(row->owner_id.value_or(""))) return fail(ErrorCode::kNotFound, "no usage export with this id");
  return row;
}

}  // namespace

grpc::Status UsageExportsServiceImpl::CreateUsageExport(grpc::ServerContext* context,
                                                        const v1::CreateUsageExportRequest* request,
                                                        v1::CreateUsageExportResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto wanted = complete(call, *request);
    if (!wanted) return std::unexpected(wanted.error());
    // Refuses now what the job could not do.
    const auto tried = usage::list_events(call.tx, {.size = 1, .cursor = {}}, export_filter(wanted->filter()));
    if (!tried) return std::unexpected(tried.error());
    usage::Export row{.id = Uuid::generate(call.clock.now()).to_string(),
                      .actor = call.actor,
                      .request = wanted->SerializeAsString(),
                      .whole = call.reach == Reach::kAll,
                      .created_at = call.clock.now()};
    if (!row.whole) row.owner_id = call.caller.user_id;
    const auto stored = usage::insert_export(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    if (Result<> shown = to_message(*stored, *response->mutable_usage_export()); !shown) return shown;
    // Before the first replica has told of its jobs it is due anyway.
    const Result<> due = jobs::trigger_job(call.tx, kExportUsageJob);
    if (!due && due.error().code != ErrorCode::kNotFound) return due;
    return call.audit("usage_export.create", "usage_export", stored->id, nullptr, &*wanted);
  });
}

grpc::Status UsageExportsServiceImpl::ListUsageExports(grpc::ServerContext* context,
                                                       const v1::ListUsageExportsRequest* request,
                                                       v1::ListUsageExportsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto owner = call.reach == Reach::kAll ? std::nullopt : std::optional(call.caller.user_id);
    const auto page = usage::list_exports(call.tx, page_of(*request), owner);
    if (!page) return std::unexpected(page.error());
    for (const usage::Export& row : page->rows) {
      if (Result<> shown = to_message(row, *response->add_usage_exports()); !shown) return shown;
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status UsageExportsServiceImpl::GetUsageExport(grpc::ServerContext* context,
                                                     const v1::GetUsageExportRequest* request,
                                                     v1::GetUsageExportResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = visible(call, request->id());
    if (!row) return std::unexpected(row.error());
    return to_message(*row, *response->mutable_usage_export());
  });
}

grpc::Status UsageExportsServiceImpl::GetUsageExportChunk(grpc::ServerContext* context,
                                                          const v1::GetUsageExportChunkRequest* request,
                                                          v1::GetUsageExportChunkResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = visible(call, request->id());
    if (!row) return std::unexpected(row.error());
    auto data = usage::get_chunk(call.tx, row->id, request->number());
    if (!data) return std::unexpected(data.error());
    response->set_data(*std::move(data));
    response->set_last(row->state == usage::ExportState::kDone && request->number() == row->chunks - 1);
    return {};
  });
}

}  // namespace sluice::api
