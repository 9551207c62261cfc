// Groups, plans and subscriptions in a database with users.
#pragma once

#include <string>

#include "common/base/uuid.h"
#include "controlplane/store/groups.h"
#include "controlplane/store/subscription_plans.h"
#include "controlplane/store/subscriptions.h"
#include "tests/integration/billing/books.h"

namespace sluice::billing::testing {

template <class Fn>
auto in_tx(Books& books, Fn fn) {
  return db::in_transaction(books.pool(), [&](db::Transaction& tx) { return fn(tx); });
}

inline SystemTime now() {
  return RealClock().now();
}

inline store::SubscriptionPlan add_plan(Books& books, std::optional<std::int64_t> day = 1'000'000'000) {
  store::Group group;
  group.id = new_id();
  group.name = "g";
  value_of(in_tx(books, [&](db::Transaction& tx) { return store::insert_group(tx, group); }));
  store::SubscriptionPlan plan;
  plan.id = new_id();
  plan.group_id = group.id;
  plan.name = "plan";
  plan.day = day;
  return value_of(in_tx(books, [&](db::Transaction& tx) { return store::insert_plan(tx, plan); }));
}

inline store::Subscription assign(Books& books, const std::string& user, const store::SubscriptionPlan& plan,
                                  SystemTime at = now()) {
  return value_of(in_tx(books, [&](db::Transaction& tx) {
    return store::assign_subscription(tx, {.user_id = user, .plan_id = plan.id}, at);
  }));
}

inline usage::v1::UsageEvent subscribed_event(const store::Subscription& subscription, std::int64_t output,
                                              const std::string& day = "day:2026-11-23") {
  usage::v1::UsageEvent event = event_for(subscription.user_id, output);
  event.set_group_id(subscription.group_id);
  event.add_purses("sub:" + subscription.id + ":" + day);
  event.add_purses("sub:" + subscription.id + ":month:2026-11");
  return event;
}

}  // namespace sluice::billing::testing
