// Groups: sets of accounts that API keys may use. Pushed as KIND_GROUP. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/json_columns.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct Group {
  std::string id = {};
  std::string name = {};
  Status status = Status::kActive;
  // 1,000,000 is 1.0; 0 is free.
  std::int64_t multiplier_ppm = 1'000'000;
  Interruption interruption = Interruption::kCancel;
  std::string description = {};
  // Providers whose accounts may join; empty means any.
  std::vector<std::string> platforms = {};
  // Only for users with a grant or a subscription.
  bool exclusive = false;
  // Nobody else than a subscription pays.
  bool needs_subscription = false;
  // nano-USD in a window, > 0, of subscriptions whose plan sets none; empty: no limit.
  std::optional<std::int64_t> day = {};
  std::optional<std::int64_t> week = {};
  std::optional<std::int64_t> month = {};
  // From the name that clients give to the model that is meant.
  ModelMapping model_aliases = {};
  // The first that matches a model says which accounts serve it.
  ModelRoutes model_routes = {};
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct GroupFilter {
  std::optional<Status> status = {};
  // Part of the name, without regard to case.
  std::string text = {};
  // Whose accounts may join.
  std::optional<std::string> platform = {};
  bool include_deleted = false;
};

[[nodiscard]] Result<Group> insert_group(db::Transaction& tx, const Group& group);
[[nodiscard]] Result<Group> get_group(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<Group>> list_groups(db::Transaction& tx, const PageRequest& page,
                                              const GroupFilter& filter = {});
// kFailedPrecondition if an account of the group is of none of its platforms.
[[nodiscard]] Result<Group> update_group(db::Transaction& tx, const Group& group);
// kFailedPrecondition while API keys use the group. Accounts leave the group (each with a new revision), grants go.
[[nodiscard]] Result<Group> delete_group(db::Transaction& tx, std::string_view id,
                                         std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
