// API keys: client credentials, known only by an HMAC. Pushed as KIND_API_KEY. Blocking, any thread. Rules: users.h.
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
#include "controlplane/store/key_spending.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct ApiKey {
  std::string id = {};
  std::string user_id = {};
  std::string group_id = {};
  std::string name = {};
  // The part of the key that may be shown and logged; unique.
  std::string public_id = {};
  std::string last4 = {};
  // HMAC-SHA256 of the whole key, 32 bytes; unique.
  std::string key_hmac = {};
  std::int32_t pepper_version = 1;
  Status status = Status::kActive;
  std::optional<SystemTime> expires_at = {};
  // Over the whole fleet; 0 means unlimited.
  std::int32_t concurrency = 0;
  std::int32_t requests_per_minute = 0;
  std::int32_t tokens_per_minute = 0;
  // One for each window at most; read from the shortest window to the longest.
  std::vector<Budget> budgets = {};
  // "10.0.0.0/8"; empty: all.
  std::vector<std::string> allow_networks = {};
  // Stronger than those.
  std::vector<std::string> deny_networks = {};
  // Names, or beginnings followed by "*"; empty: all of the group.
  std::vector<std::string> models = {};
  // The key that this one replaced works until then. Written by replace_api_key() alone.
  std::optional<SystemTime> previous_until = {};
  std::optional<SystemTime> last_used_at = {};
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct ApiKeyFilter {
  std::optional<std::string> user_id = {};
  std::optional<std::string> group_id = {};
  std::optional<Status> status = {};
  bool include_deleted = false;
  // Part of the name, or the whole public id or last four characters; empty: any.
  std::string text = {};
};

// kFailedPrecondition if the user or the group is deleted or unknown.
[[nodiscard]] Result<ApiKey> insert_api_key(db::Transaction& tx, const ApiKey& key);
[[nodiscard]] Result<ApiKey> get_api_key(db::Transaction& tx, std::string_view id);
[[nodiscard]] Result<Page<ApiKey>> list_api_keys(db::Transaction& tx, const PageRequest& page,
                                                 const ApiKeyFilter& filter = {});
// Writes group_id, name, status, expires_at, limits, rules and budgets; the key itself and its owner never change. What
// the key has spent in the windows of new budgets is summed up (key_spending.h).
[[nodiscard]] Result<ApiKey> update_api_key(db::Transaction& tx, const ApiKey& key);
// Gives the row another key: writes public_id, last4, key_hmac, pepper_version and previous_until. The key before it
// works until then, or ends at once if there is none; one before that ends in any case.
[[nodiscard]] Result<ApiKey> replace_api_key(db::Transaction& tx, const ApiKey& key);
[[nodiscard]] Result<ApiKey> delete_api_key(db::Transaction& tx, std::string_view id,
                                            std::optional<std::int64_t> revision = std::nullopt);

// Pushes keys again with new revisions although no column changed: what they have spent did. Without deadlocks between
// callers whose sets overlap. Unknown and deleted keys are skipped.
Result<> touch_api_keys(db::Transaction& tx, const std::vector<std::string>& ids);

// Moves last_used_at forward, never back. Not a config change. `ids` and `times` have the same length.
Result<> note_api_keys_used(db::Transaction& tx, const std::vector<std::string>& ids,
                            const std::vector<SystemTime>& times);

}  // namespace sluice::store
