#include "controlplane/api/usage_retention_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/usage/retention.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr int kLongest = 36'500;

void to_message(const usage::Retention& row, v1::UsageRetention& into) {
  into.set_event_days(row.events);
  into.set_daily_sum_days(row.days);
  into.set_quarantine_days(row.quarantine);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> check_days(std::string_view field, int days) {
  if (days == 0 || (days >= usage::kShortestKept && days <= kLongest)) return {};
  return fail(ErrorCode::kInvalidArgument, std::string(field) + ": 0 for ever, or 401 to 36,500 days");
}

Result<> from_message(const v1::UsageRetention& retention, usage::Retention& into) {
  if (Result<> fine = check_days("event_days", retention.event_days()); !fine) return fine;
  if (Result<> fine = check_days("daily_sum_days", retention.daily_sum_days()); !fine) return fine;
  const bool longer = retention.event_days() > 0 && retention.daily_sum_days() >= retention.event_days();
  if (retention.daily_sum_days() > 0 && !longer) {
    return fail(ErrorCode::kInvalidArgument, "daily_sum_days: sums stay at least as long as single events");
  }
  if (retention.quarantine_days() < 0 || retention.quarantine_days() > kLongest) {
    return fail(ErrorCode::kInvalidArgument, "quarantine_days: 0 for ever, or up to 36,500 days");
  }
  into.events = retention.event_days();
  into.days = retention.daily_sum_days();
  into.quarantine = retention.quarantine_days();
  return {};
}

}  // namespace

grpc::Status UsageRetentionServiceImpl::GetUsageRetention(grpc::ServerContext* context,
                                                          const v1::GetUsageRetentionRequest* request,
                                                          v1::GetUsageRetentionResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = usage::get_retention(call.tx);
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_usage_retention());
    return {};
  });
}

grpc::Status UsageRetentionServiceImpl::UpdateUsageRetention(grpc::ServerContext* context,
                                                             const v1::UpdateUsageRetentionRequest* request,
                                                             v1::UpdateUsageRetentionResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = usage::get_retention(call.tx);
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->usage_retention().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::UsageRetention before;
    to_message(*row, before);
    v1::UsageRetention wanted = before;
    if (Result<> merged = merge(request->usage_retention(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    const auto stored = usage::update_retention(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_usage_retention());
    return call.audit("usage_retention.update", "usage_retention", "usage", &before, &response->usage_retention());
  });
}

}  // namespace sluice::api
