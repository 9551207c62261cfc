// Grants: which users may use which groups. Pushed with the user, whose revision rises with every change. Blocking, any
// thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct GroupGrant {
  // Of a new one; a change keeps what it had.
  std::string id = {};
  std::string user_id = {};
  std::string group_id = {};
  // In place of the group's; 1,000,000 is 1.0.
  std::optional<std::int64_t> multiplier_ppm = {};
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct GroupGrantFilter {
  std::optional<std::string> user_id = {};
  std::optional<std::string> group_id = {};
};

// Adds it, or changes the multiplier of the one there is. kFailedPrecondition if the user or the group is gone.
[[nodiscard]] Result<GroupGrant> put_grant(db::Transaction& tx, const GroupGrant& grant);
// kNotFound if there is none.
[[nodiscard]] Result<GroupGrant> get_grant(db::Transaction& tx, std::string_view user_id, std::string_view group_id);
[[nodiscard]] Result<Page<GroupGrant>> list_grants(db::Transaction& tx, const PageRequest& page,
                                                   const GroupGrantFilter& filter);
[[nodiscard]] Result<> delete_grant(db::Transaction& tx, std::string_view user_id, std::string_view group_id);
[[nodiscard]] Result<> delete_grants_of_group(db::Transaction& tx, std::string_view group_id);

// kFailedPrecondition if the group is not for this user: it is exclusive, and he has neither a grant nor a live
// subscription. Locks the group's row against changes. Neither deleted groups nor unknown ones are for anybody.
[[nodiscard]] Result<> check_group_is_for(db::Transaction& tx, std::string_view group_id, std::string_view user_id);

}  // namespace sluice::store
