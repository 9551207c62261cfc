#include "controlplane/api/usage_reports_service.h"

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/usage/series.h"
#include "controlplane/usage/top.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr const char* kNotForUsers = "accounts are the operator's business: this needs the scope usage.read";

Result<usage::ReportFilter> filter_of(const Call& call, const v1::UsageFilter& from) {
  usage::ReportFilter filter;
  const auto take = [](const std::string& text, std::optional<std::string>& into) {
    if (!text.empty()) into = text;
  };
  take(from.user_id(), filter.user_id);
  take(from.api_key_id(), filter.api_key_id);
  take(from.group_id(), filter.group_id);
  take(from.account_id(), filter.account_id);
  take(from.model(), filter.model);
  take(from.error_class(), filter.error_class);
  filter.now = call.clock.now();
  filter.until = from.has_until() ? to_time(from.until()) : call.clock.now();
  filter.from = from.has_from() ? to_time(from.from()) : filter.until - std::chrono::days(1);
  if (filter.account_id && call.reach != Reach::kAll) return fail(ErrorCode::kPermissionDenied, kNotForUsers);
  return filter;
}

// What vendors take is the operator's business.
void show(const Call& call, const usage::Totals& totals, v1::UsageTotals& into) {
  into.set_requests(totals.requests);
  into.set_errors(totals.errors);
  sluice::usage::v1::TokenCounts& tokens = *into.mutable_tokens();
  tokens.set_input(totals.input_tokens);
  tokens.set_output(totals.output_tokens);
  tokens.set_cache_read(totals.cache_read_tokens);
  tokens.set_cache_write_5m(totals.cache_write_5m_tokens);
  tokens.set_cache_write_1h(totals.cache_write_1h_tokens);
  into.set_cost_usd(money::format_usd(totals.cost_nano_usd));
  if (call.reach == Reach::kAll) into.set_purchase_usd(money::format_usd(totals.purchase_nano_usd));
}

void to_message(const usage::Percentiles& from, v1::UsagePercentiles& into) {
  into.set_p50_us(from.p50_us);
  into.set_p90_us(from.p90_us);
  into.set_p95_us(from.p95_us);
  into.set_p99_us(from.p99_us);
}

// For GetUsageSummaryResponse and UsageBucket.
template <class Message>
void show(const Call& call, const usage::Summary& summary, Message& into) {
  show(call, summary.totals, *into.mutable_totals());
  to_message(summary.duration, *into.mutable_duration());
  to_message(summary.first_byte, *into.mutable_first_byte());
}

void show(const Call& call, const usage::TopRow& row, v1::TopUsage& into) {
  into.set_value(row.value);
  show(call, row.totals, *into.mutable_totals());
  into.set_share(row.share);
}

// An enum of the API whose values follow those of `Own`, 0 being `fallback`.
template <class Own, class Wire>
Result<Own> own(std::string_view field, Wire value, int last, std::optional<Own> fallback) {
  if (value == 0 && fallback) return *fallback;
  if (value < 1 || value > last) {
    return fail(ErrorCode::kInvalidArgument, std::string(field) + (value == 0 ? " is required" : ": unknown value"));
  }
  return static_cast<Own>(value - 1);
}

}  // namespace

grpc::Status UsageReportsServiceImpl::GetUsageSummary(grpc::ServerContext* context,
                                                      const v1::GetUsageSummaryRequest* request,
                                                      v1::GetUsageSummaryResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto filter = filter_of(call, request->filter());
    if (!filter) return std::unexpected(filter.error());
    const auto summary = usage::summary(call.tx, *filter);
    if (!summary) return std::unexpected(summary.error());
    show(call, *summary, *response);
    set_time(response->mutable_from(), filter->from);
    set_time(response->mutable_until(), filter->until);
    return {};
  });
}

grpc::Status UsageReportsServiceImpl::GetUsageSeries(grpc::ServerContext* context,
                                                     const v1::GetUsageSeriesRequest* request,
                                                     v1::GetUsageSeriesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto filter = filter_of(call, request->filter());
    if (!filter) return std::unexpected(filter.error());
    const auto step = own<usage::Step>("step", request->step(), v1::USAGE_STEP_MONTH, usage::Step::kDay);
    if (!step) return std::unexpected(step.error());
    const auto buckets = usage::series(call.tx, *filter, *step, request->time_zone());
    if (!buckets) return std::unexpected(buckets.error());
    for (const usage::Bucket& bucket : *buckets) {
      v1::UsageBucket& added = *response->add_buckets();
      set_time(added.mutable_start(), bucket.start);
      show(call, bucket.summary, added);
    }
    return {};
  });
}

grpc::Status UsageReportsServiceImpl::ListTopUsage(grpc::ServerContext* context, const v1::ListTopUsageRequest* request,
                                                   v1::ListTopUsageResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto filter = filter_of(call, request->filter());
    if (!filter) return std::unexpected(filter.error());
    const auto by =
        own<usage::Dimension>("group_by", request->group_by(), v1::USAGE_DIMENSION_ERROR_CLASS, std::nullopt);
    if (!by) return std::unexpected(by.error());
    if (*by == usage::Dimension::kAccount && call.reach != Reach::kAll) {
      return fail(ErrorCode::kPermissionDenied, kNotForUsers);
    }
    const auto metric = own<usage::Metric>("metric", request->metric(), v1::USAGE_METRIC_TOKENS, usage::Metric::kCost);
    if (!metric) return std::unexpected(metric.error());
    const int limit = request->limit() <= 0 ? 10 : std::min(request->limit(), usage::kMaxTop);
    const auto top = usage::top(call.tx, *filter, *by, *metric, limit);
    if (!top) return std::unexpected(top.error());
    for (const usage::TopRow& row : top->rows)
      show(call, row, *response->add_rows());
    if (top->others) show(call, *top->others, *response->mutable_others());
    response->set_other_values(top->other_values);
    return {};
  });
}

grpc::Status UsageReportsServiceImpl::ListUsageFacets(grpc::ServerContext* context,
                                                      const v1::ListUsageFacetsRequest* request,
                                                      v1::ListUsageFacetsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto filter = filter_of(call, request->filter());
    if (!filter) return std::unexpected(filter.error());
    const auto facets = usage::facets(call.tx, *filter);
    if (!facets) return std::unexpected(facets.error());
    for (const usage::Facet& facet : *facets) {
      if (facet.dimension == usage::Dimension::kAccount && call.reach != Reach::kAll) continue;
      v1::UsageFacet& added = *response->add_facets();
      added.set_dimension(static_cast<v1::UsageDimension>(static_cast<int>(facet.dimension) + 1));
      added.set_value(facet.value);
      added.set_requests(facet.requests);
    }
    return {};
  });
}

}  // namespace sluice::api
