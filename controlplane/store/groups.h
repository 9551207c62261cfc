// Groups: sets of accounts that API keys may use. Pushed as KIND_GROUP. Blocking, any thread. Rules: users.h.
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

struct Group {
  std::string id = {};
  std::string name = {};
  Status status = Status::kActive;
  // 1,000,000 is 1.0; 0 is free.
  std::int64_t multiplier_ppm = 1'000'000;
  Interruption interruption = Interruption::kCancel;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct GroupFilter {
  std::optional<Status> status = {};
  bool include_deleted = false;
};

[[nodiscard]] Result<Group> insert_group(db::Transaction& tx, const Group& group);
[[nodiscard]] Result<Group> get_group(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<Group>> list_groups(db::Transaction& tx, const PageRequest& page,
                                              const GroupFilter& filter = {});
[[nodiscard]] Result<Group> update_group(db::Transaction& tx, const Group& group);
// kFailedPrecondition while API keys use the group. Accounts leave the group (each with a new revision).
[[nodiscard]] Result<Group> delete_group(db::Transaction& tx, std::string_view id,
                                         std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
