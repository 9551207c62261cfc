// Subscriptions: a user's right to use a group without paying from the wallet, within its plan's windows, until it
// expires. Pushed with the user. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::store {

// In days from now; nothing lasts longer than until the year 2100.
inline constexpr std::int32_t kMaxSubscriptionDays = 36'500;

struct Subscription {
  std::string id = {};
  std::string user_id = {};
  std::string group_id = {};
  std::string plan_id = {};
  bool revoked = false;
  SystemTime starts_at = {};
  SystemTime expires_at = {};  // not included
  std::string note = {};
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct Assignment {
  std::string user_id = {};
  std::string plan_id = {};
  std::int32_t days = 0;  // 0: the plan's
  std::string note = {};
};

struct SubscriptionFilter {
  std::optional<std::string> user_id = {};
  std::optional<std::string> group_id = {};
  std::optional<std::string> plan_id = {};
  // Neither revoked nor expired at this moment.
  std::optional<SystemTime> active_at = {};
};

// A new subscription from `now` on. kAlreadyExists if the user has an unexpired one for the plan's group; an expired
// one is taken up again under the new plan. kFailedPrecondition if the plan is not active, kNotFound if there is no
// such plan or user.
[[nodiscard]] Result<Subscription> assign_subscription(db::Transaction& tx, const Assignment& wanted, SystemTime now);

// The same, but an unexpired one of the same group is extended by the days (and moved to the plan) instead.
[[nodiscard]] Result<Subscription> assign_or_extend(db::Transaction& tx, const Assignment& wanted, SystemTime now);

// Adds days to the end, or to `now` if it has ended; below 0 shortens, to `now` at the earliest.
// kFailedPrecondition if it is revoked.
[[nodiscard]] Result<Subscription> extend_subscription(db::Transaction& tx, std::string_view id, std::int32_t days,
                                                       SystemTime now);
// For good; requests that run are still counted. Doing it again changes nothing.
[[nodiscard]] Result<Subscription> revoke_subscription(db::Transaction& tx, std::string_view id);

[[nodiscard]] Result<Subscription> get_subscription(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<Subscription>> list_subscriptions(db::Transaction& tx, const PageRequest& page,
                                                            const SubscriptionFilter& filter = {});

}  // namespace sluice::store
