#include "controlplane/api/subscription_plans_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/subscription_plans.h"
#include "controlplane/store/subscriptions.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::SubscriptionPlan& row, v1::SubscriptionPlan& into) {
  into.set_id(row.id);
  into.set_group_id(row.group_id);
  into.set_name(row.name);
  into.set_day_usd(limit_text(row.day));
  into.set_week_usd(limit_text(row.week));
  into.set_month_usd(limit_text(row.month));
  into.set_days(row.days);
  into.set_status(row.status == store::Status::kActive ? v1::SUBSCRIPTION_PLAN_STATUS_ACTIVE
                                                       : v1::SUBSCRIPTION_PLAN_STATUS_DISABLED);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

// Everything but the group and what the server sets.
Result<> from_message(const v1::SubscriptionPlan& plan, store::SubscriptionPlan& into) {
  if (Result<> given = require("name", plan.name()); !given) return given;
  into.name = plan.name();
  if (Result<> r = parse_limit_field("day_usd", plan.day_usd(), into.day); !r) return r;
  if (Result<> r = parse_limit_field("week_usd", plan.week_usd(), into.week); !r) return r;
  if (Result<> r = parse_limit_field("month_usd", plan.month_usd(), into.month); !r) return r;
  into.days = plan.days() == 0 ? 30 : plan.days();
  if (into.days < 1 || into.days > store::kMaxSubscriptionDays) {
    return fail(ErrorCode::kInvalidArgument, "days must be 1 to 36500");
  }
  into.status =
      plan.status() == v1::SUBSCRIPTION_PLAN_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return {};
}

}  // namespace

grpc::Status SubscriptionPlanServiceImpl::ListSubscriptionPlans(grpc::ServerContext* context,
                                                                const v1::ListSubscriptionPlansRequest* request,
                                                                v1::ListSubscriptionPlansResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto group = request->group_id().empty() ? std::nullopt : std::optional(request->group_id());
    const auto page = store::list_plans(call.tx, page_of(*request), group);
    if (!page) return std::unexpected(page.error());
    for (const store::SubscriptionPlan& row : page->rows)
      to_message(row, *response->add_subscription_plans());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status SubscriptionPlanServiceImpl::GetSubscriptionPlan(grpc::ServerContext* context,
                                                              const v1::GetSubscriptionPlanRequest* request,
                                                              v1::GetSubscriptionPlanResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = live(store::get_plan(call.tx, request->id()), "subscription plan");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_subscription_plan());
    return {};
  });
}

grpc::Status SubscriptionPlanServiceImpl::CreateSubscriptionPlan(grpc::ServerContext* context,
                                                                 const v1::CreateSubscriptionPlanRequest* request,
                                                                 v1::CreateSubscriptionPlanResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const v1::SubscriptionPlan& wanted = request->subscription_plan();
    store::SubscriptionPlan row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> given = require("group_id", wanted.group_id()); !given) return given;
    row.group_id = wanted.group_id();
    if (Result<> valid = from_message(wanted, row); !valid) return valid;
    const auto stored = store::insert_plan(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_subscription_plan());
    return call.audit("subscription_plan.create", "subscription_plan", stored->id, nullptr,
                      &response->subscription_plan());
  });
}

grpc::Status SubscriptionPlanServiceImpl::UpdateSubscriptionPlan(grpc::ServerContext* context,
                                                                 const v1::UpdateSubscriptionPlanRequest* request,
                                                                 v1::UpdateSubscriptionPlanResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_plan(call.tx, request->subscription_plan().id()), "subscription plan");
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->subscription_plan().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::SubscriptionPlan before;
    to_message(*row, before);
    v1::SubscriptionPlan wanted = before;
    if (Result<> merged = merge(request->subscription_plan(), request->update_mask(), wanted); !merged) return merged;
    if (wanted.group_id() != before.group_id()) {
      return fail(ErrorCode::kInvalidArgument, "group_id stays: make another plan for the other group");
    }
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    const auto stored = store::update_plan(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_subscription_plan());
    return call.audit("subscription_plan.update", "subscription_plan", stored->id, &before,
                      &response->subscription_plan());
  });
}

grpc::Status SubscriptionPlanServiceImpl::DeleteSubscriptionPlan(grpc::ServerContext* context,
                                                                 const v1::DeleteSubscriptionPlanRequest* request,
                                                                 v1::DeleteSubscriptionPlanResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = live(store::get_plan(call.tx, request->id()), "subscription plan");
    if (!row) return std::unexpected(row.error());
    const auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::SubscriptionPlan before;
    to_message(*row, before);
    const auto deleted = store::delete_plan(call.tx, request->id(), *revision, call.clock.now());
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("subscription_plan.delete", "subscription_plan", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
