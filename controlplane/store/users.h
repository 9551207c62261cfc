// Users: people and services that own API keys and a wallet. Pushed to the nodes as KIND_USER. Blocking, any thread.
//
// The same rules hold for every table of this folder:
// - insert: the caller sets `id` (UUIDv7) and the values; revision and times are set here and returned.
// - update: writes every value; `revision` must be the stored one, else kFailedPrecondition ("changed meanwhile") and
//   nothing happens; returns the row with its new revision. Status kDeleted is refused (kInvalidArgument): use delete.
// - delete: `revision` as above, or empty to delete whatever is there. The row stays with status kDeleted.
// - get: also deleted rows; kNotFound if there never was one.
// - list: newest first, without deleted rows unless asked for.
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
#include "controlplane/store/page.h"

namespace sluice::store {

struct User {
  std::string id = {};
  // Unique without regard to case among users that are not deleted.
  std::string email = {};
  std::string display_name = {};
  // Whether the user has proven the e-mail address. Set by mark_email_verified(), gone with another address.
  bool email_verified = false;
  Role role = Role::kUser;
  Status status = Status::kActive;
  // Requests in flight at once; 0 means the default of the settings.
  std::int32_t concurrency = 0;
  // 1,000,000 is 1.0; 0 is free.
  std::int64_t multiplier_ppm = 1'000'000;
  // Over the whole fleet and all keys; 0 means unlimited.
  std::int32_t requests_per_minute = 0;
  std::int32_t tokens_per_minute = 0;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct UserFilter {
  std::optional<Status> status = {};
  bool include_deleted = false;
  std::optional<Role> role = {};
  // Part of the e-mail address or the name; empty: any.
  std::string text = {};
};

[[nodiscard]] Result<User> insert_user(db::Transaction& tx, const User& user);
[[nodiscard]] Result<User> get_user(db::Transaction& tx, std::string_view id);
// Not deleted ones only.
[[nodiscard]] Result<User> find_user_by_email(db::Transaction& tx, std::string_view email);
[[nodiscard]] Result<Page<User>> list_users(db::Transaction& tx, const PageRequest& page,
                                            const UserFilter& filter = {});
[[nodiscard]] Result<User> update_user(db::Transaction& tx, const User& user);
// Of the address that the user has now; nothing if it is another one.
Result<> mark_email_verified(db::Transaction& tx, std::string_view id, std::string_view email);
// Also deletes the user's API keys and revokes its admin tokens.
[[nodiscard]] Result<User> delete_user(db::Transaction& tx, std::string_view id,
                                       std::optional<std::int64_t> revision = std::nullopt);

// Pushes the user again with a new revision although no column changed: its balance was topped up or crossed zero.
// Returns the new revision.
Result<std::int64_t> touch_user(db::Transaction& tx, std::string_view user_id);
// The same for several, without deadlocks between callers whose sets overlap. Unknown and deleted users are skipped.
Result<> touch_users(db::Transaction& tx, const std::vector<std::string>& user_ids);

}  // namespace sluice::store
