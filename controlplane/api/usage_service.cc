#include "controlplane/api/usage_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/api/usage_file.h"
#include "controlplane/api/usage_messages.h"
#include "controlplane/usage/events.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<usage::EventFilter> filter_of(const v1::ListUsageEventsRequest& request) {
  usage::EventFilter filter;
  if (!request.user_id().empty()) filter.user_id = request.user_id();
  if (!request.api_key_id().empty()) filter.api_key_id = request.api_key_id();
  if (!request.group_id().empty()) filter.group_id = request.group_id();
  if (!request.account_id().empty()) filter.account_id = request.account_id();
  if (!request.model().empty()) filter.model = request.model();
  if (request.has_from()) filter.from = to_time(request.from());
  if (request.has_until()) filter.until = to_time(request.until());
  if (request.outcome() != 0) filter.outcome = request.outcome();
  if (!request.error_class().empty()) filter.error_class = request.error_class();
  if (!request.min_cost_usd().empty()) {
    const auto least = parse_usd_field("min_cost_usd", request.min_cost_usd(), 0);
    if (!least) return std::unexpected(least.error());
    filter.min_cost_nano_usd = *least;
  }
  return filter;
}

void show(const Call& call, const usage::Event& row, v1::UsageEvent& into) {
  to_message(row, into);
  if (call.reach != Reach::kAll) hide_operation(into);
}

}  // namespace

grpc::Status UsageServiceImpl::ListUsageEvents(grpc::ServerContext* context, const v1::ListUsageEventsRequest* request,
                                               v1::ListUsageEventsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto filter = filter_of(*request);
    if (!filter) return std::unexpected(filter.error());
    auto page = usage::list_events(call.tx, page_of(*request), *filter);
    if (!page) return std::unexpected(page.error());
    for (const usage::Event& row : page->rows)
      show(call, row, *response->add_usage_events());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status UsageServiceImpl::GetUsageEvent(grpc::ServerContext* context, const v1::GetUsageEventRequest* request,
                                             v1::GetUsageEventResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = usage::get_event(call.tx, request->event_id());
    if (!row) return std::unexpected(row.error());
    if (!call.sees(row->user_id)) return fail(ErrorCode::kNotFound, "no usage event with this id");
    show(call, *row, *response->mutable_usage_event());
    return {};
  });
}

}  // namespace sluice::api
