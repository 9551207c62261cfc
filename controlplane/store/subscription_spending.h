// What subscriptions have spent in their windows: a cache over usage events, as key_spending.h is for keys. Who stores
// usage events adds to it in the same transaction. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/key_spending.h"

namespace sluice::store {

struct SubscriptionSpending {
  std::string subscription_id = {};
  std::string window_id = {};  // as common/money/window.h names it
  std::int64_t spent_nano_usd = 0;
  std::int64_t version = 0;
};

// A subscription as its user's nodes need it.
struct UsableSubscription {
  std::string id = {};
  std::string user_id = {};
  std::string group_id = {};
  SystemTime starts_at = {};
  SystemTime expires_at = {};
  std::vector<Budget> budgets = {};
  std::vector<SubscriptionSpending> spending = {};  // in the windows around `now`; without those where it is 0
};

// Those of the users, or of all users, that are not revoked, not expired at `now`, and whose group is there.
[[nodiscard]] Result<std::vector<UsableSubscription>> usable_subscriptions(
    db::Transaction& tx, const std::optional<std::vector<std::string>>& user_ids, SystemTime now,
    const std::string& time_zone);

// Sums up anew what was spent in the windows around `now`, for a billing time zone that changes, and pushes the users.
// After own_key_spending().
Result<> sum_subscription_spending(db::Transaction& tx, SystemTime now, const std::string& time_zone);

}  // namespace sluice::store
