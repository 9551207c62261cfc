// Plans: what a subscription to a group allows in a day, a week and a month. Not pushed by themselves: changes push the
// users who subscribed. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct SubscriptionPlan {
  std::string id = {};
  std::string group_id = {};
  std::string name = {};
  // nano-USD in a window of the billing time zone, > 0; empty: no limit.
  std::optional<std::int64_t> day = {};
  std::optional<std::int64_t> week = {};
  std::optional<std::int64_t> month = {};
  // How long a subscription lasts unless said otherwise, 1 to 36,500.
  std::int32_t days = 30;
  // Only active plans are assigned; what is assigned goes on.
  Status status = Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

// kInvalidArgument: the group is deleted.
[[nodiscard]] Result<SubscriptionPlan> insert_plan(db::Transaction& tx, const SubscriptionPlan& plan);
[[nodiscard]] Result<SubscriptionPlan> get_plan(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<SubscriptionPlan>> list_plans(db::Transaction& tx, const PageRequest& page,
                                                        const std::optional<std::string>& group_id = {});
// The group stays as it is.
[[nodiscard]] Result<SubscriptionPlan> update_plan(db::Transaction& tx, const SubscriptionPlan& plan);
// kFailedPrecondition while unexpired subscriptions use it.
[[nodiscard]] Result<SubscriptionPlan> delete_plan(db::Transaction& tx, std::string_view id,
                                                   std::optional<std::int64_t> revision, SystemTime now);

}  // namespace sluice::store
