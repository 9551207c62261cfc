// What a user may use: groups, and the models that their accounts serve. Read only. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/groups.h"
#include "controlplane/store/prices.h"

namespace sluice::store {

struct UsableGroup {
  Group group;
  // That of the group or of the user's grant; without the user's own.
  std::int64_t multiplier_ppm = 0;
  std::string subscription_id = {};
  std::optional<SystemTime> subscription_expires_at = {};
};

// Active groups that are open, granted to the user, or in a subscription of his that is alive at `at`; by name.
[[nodiscard]] Result<std::vector<UsableGroup>> usable_groups(db::Transaction& tx, std::string_view user_id,
                                                             SystemTime at);

// Prices in force at `at` of the models that an active account of the group serves, routes considered; by model.
[[nodiscard]] Result<std::vector<Price>> served_models(db::Transaction& tx, const Group& group, SystemTime at);

}  // namespace sluice::store
