#include "controlplane/api/subscriptions_service.h"

#include <set>

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/billing/subscription_windows.h"
#include "controlplane/store/subscriptions.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr int kMostAtOnce = 1'000;

void to_message(const store::Subscription& row, v1::Subscription& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_group_id(row.group_id);
  into.set_plan_id(row.plan_id);
  into.set_revoked(row.revoked);
  set_time(into.mutable_starts_at(), row.starts_at);
  set_time(into.mutable_expires_at(), row.expires_at);
  into.set_note(row.note);
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

void to_message(const billing::WindowUse& use, v1::SubscriptionWindow& into) {
  into.set_window_id(use.span.id);
  set_time(into.mutable_from(), use.span.from);
  set_time(into.mutable_to(), use.span.to);
  if (use.limit_nano_usd) into.set_limit_usd(money::format_usd(*use.limit_nano_usd));
  into.set_spent_usd(money::format_usd(use.spent_nano_usd));
  if (use.used_up_at) set_time(into.mutable_used_up_at(), *use.used_up_at);
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// In one order, so that calls that overlap wait for one another.
using Ids = google::protobuf::RepeatedPtrField<std::string>;
Result<std::set<std::string>> several(std::string_view field, const Ids& ids) {
  if (ids.empty() || ids.size() > kMostAtOnce) {
    return fail(ErrorCode::kInvalidArgument, std::string(field) + ": name 1 to 1000");
  }
  return std::set<std::string>(ids.begin(), ids.end());
}

// `change(id) -> Result<Subscription>` for each, with its audit record.
template <class Response, class Change>
Result<> change_all(Call& call, const Ids& wanted, std::string_view field, const std::string& action,
                    Response& response, Change change) {
  const auto ids = several(field, wanted);
  if (!ids) return std::unexpected(ids.error());
  for (const std::string& id : *ids) {
    const Result<store::Subscription> row = change(id);
    if (!row) return fail(row.error().code, id + ": " + row.error().message);
    v1::Subscription& into = *response.add_subscriptions();
    to_message(*row, into);
    if (Result<> r = call.audit(action, "subscription", row->id, nullptr, &into); !r) return r;
  }
  return {};
}

}  // namespace

grpc::Status SubscriptionServiceImpl::ListSubscriptions(grpc::ServerContext* context,
                                                        const v1::ListSubscriptionsRequest* request,
                                                        v1::ListSubscriptionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const store::SubscriptionFilter filter{
        .user_id = if_given(request->user_id()),
        .group_id = if_given(request->group_id()),
        .plan_id = if_given(request->plan_id()),
        .active_at = request->active() ? std::optional(call.clock.now()) : std::nullopt};
    const auto page = store::list_subscriptions(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::Subscription& row : page->rows)
      to_message(row, *response->add_subscriptions());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status SubscriptionServiceImpl::GetSubscription(grpc::ServerContext* context,
                                                      const v1::GetSubscriptionRequest* request,
                                                      v1::GetSubscriptionResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto row = store::get_subscription(call.tx, request->id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_subscription());
    const auto windows = billing::window_use(call.tx, *row, call.clock.now());
    if (!windows) return std::unexpected(windows.error());
    for (const billing::WindowUse& use : *windows)
      to_message(use, *response->add_windows());
    return {};
  });
}

grpc::Status SubscriptionServiceImpl::AssignSubscriptions(grpc::ServerContext* context,
                                                          const v1::AssignSubscriptionsRequest* request,
                                                          v1::AssignSubscriptionsResponse* response) {
  bool rehearsed = false;
  const grpc::Status done = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const SystemTime now = call.clock.now();
    const auto assign = [&](const std::string& user) {
      const store::Assignment wanted{
          .user_id = user, .plan_id = request->plan_id(), .days = request->days(), .note = request->note()};
      return request->extend() ? store::assign_or_extend(call.tx, wanted, now)
                               : store::assign_subscription(call.tx, wanted, now);
    };
    if (Result<> r = change_all(call, request->user_ids(), "user_ids", "subscription.assign", *response, assign); !r) {
      return r;
    }
    if (!request->dry_run()) return {};
    rehearsed = true;
    // What undoes the transaction.
    return fail(ErrorCode::kCancelled, "a dry run");
  });
  return rehearsed ? grpc::Status::OK : done;
}

grpc::Status SubscriptionServiceImpl::ExtendSubscriptions(grpc::ServerContext* context,
                                                          const v1::ExtendSubscriptionsRequest* request,
                                                          v1::ExtendSubscriptionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    return change_all(call, request->ids(), "ids", "subscription.extend", *response, [&](const std::string& id) {
      return store::extend_subscription(call.tx, id, request->days(), call.clock.now());
    });
  });
}

grpc::Status SubscriptionServiceImpl::RevokeSubscriptions(grpc::ServerContext* context,
                                                          const v1::RevokeSubscriptionsRequest* request,
                                                          v1::RevokeSubscriptionsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    return change_all(call, request->ids(), "ids", "subscription.revoke", *response,
                      [&](const std::string& id) { return store::revoke_subscription(call.tx, id); });
  });
}

}  // namespace sluice::api
