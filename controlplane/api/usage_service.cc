#include "controlplane/api/usage_service.h"

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/usage/events.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void set_tokens(const usage::Event& row, sluice::usage::v1::TokenCounts& into) {
  into.set_input(row.input_tokens);
  into.set_output(row.output_tokens);
  into.set_cache_read(row.cache_read_tokens);
  into.set_cache_write_5m(row.cache_write_5m_tokens);
  into.set_cache_write_1h(row.cache_write_1h_tokens);
}

void to_message(const usage::Event& row, v1::UsageEvent& into) {
  into.set_event_id(row.event_id);
  set_time(into.mutable_started_at(), row.started_at);
  set_time(into.mutable_ended_at(), row.ended_at);
  into.set_user_id(row.user_id);
  into.set_api_key_id(row.api_key_id);
  into.set_group_id(row.group_id);
  into.set_account_id(row.account_id);
  into.set_protocol(row.protocol);
  into.set_requested_model(row.requested_model);
  into.set_served_model(row.served_model);
  into.set_streaming(row.streaming);
  into.set_outcome(static_cast<sluice::usage::v1::Outcome>(row.outcome));
  into.set_usage_state(static_cast<sluice::usage::v1::UsageState>(row.usage_state));
  set_tokens(row, *into.mutable_tokens());
  into.set_raw_usage(row.raw_usage);
  into.set_price_id(row.price_id);
  into.set_price_revision(row.price_revision);
  for (const usage::EventLine& line : row.lines) {
    sluice::usage::v1::PriceLine& added = *into.add_lines();
    added.set_kind(static_cast<sluice::usage::v1::LineKind>(line.kind));
    added.set_quantity(line.quantity);
    added.set_unit_price(line.unit_price);
  }
  into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(row.multiplier_ppm)));
  into.set_cost_usd(money::format_usd(row.cost_nano_usd));
  into.set_upstream_status(row.upstream_status);
  into.set_upstream_request_id(row.upstream_request_id);
  into.set_first_byte_us(row.first_byte_us);
  into.set_attempts(row.attempts);
  into.set_config_version(row.config_version);
  into.set_node_id(row.node_id);
  set_time(into.mutable_received_at(), row.received_at);
}

usage::EventFilter filter_of(const v1::ListUsageEventsRequest& request) {
  usage::EventFilter filter;
  if (!request.user_id().empty()) filter.user_id = request.user_id();
  if (!request.api_key_id().empty()) filter.api_key_id = request.api_key_id();
  if (!request.group_id().empty()) filter.group_id = request.group_id();
  if (!request.account_id().empty()) filter.account_id = request.account_id();
  if (!request.model().empty()) filter.model = request.model();
  if (request.has_from()) filter.from = to_time(request.from());
  if (request.has_until()) filter.until = to_time(request.until());
  return filter;
}

}  // namespace

grpc::Status UsageServiceImpl::ListUsageEvents(grpc::ServerContext* context, const v1::ListUsageEventsRequest* request,
                                               v1::ListUsageEventsResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = usage::list_events(call.tx, page_of(*request), filter_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const usage::Event& row : page->rows)
      to_message(row, *response->add_usage_events());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status UsageServiceImpl::GetUsageEvent(grpc::ServerContext* context, const v1::GetUsageEventRequest* request,
                                             v1::GetUsageEventResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = usage::get_event(call.tx, request->event_id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_usage_event());
    return {};
  });
}

}  // namespace sluice::api
