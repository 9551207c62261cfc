// Tokens for the admin API, known only by a hash. Not pushed. Blocking, any thread.
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

struct AdminToken {
  std::string id = {};
  std::string user_id = {};
  std::string name = {};
  // Hash of the whole token; unique.
  std::string token_hash = {};
  std::string last4 = {};
  std::optional<SystemTime> expires_at = {};
  std::optional<SystemTime> revoked_at = {};
  std::optional<SystemTime> last_used_at = {};
  SystemTime created_at = {};
  // None: all that the user may do.
  std::optional<std::vector<std::string>> scopes = {};
};

struct AdminTokenFilter {
  std::optional<std::string> user_id = {};
  bool include_revoked = false;
};

// kFailedPrecondition if the user is deleted or unknown.
[[nodiscard]] Result<AdminToken> insert_admin_token(db::Transaction& tx, const AdminToken& token);
[[nodiscard]] Result<AdminToken> get_admin_token(db::Transaction& tx, std::string_view id);
// Also revoked and expired ones: the caller checks these and the user's status. kNotFound if there is none.
[[nodiscard]] Result<AdminToken> find_admin_token(db::Transaction& tx, std::string_view token_hash);
[[nodiscard]] Result<Page<AdminToken>> list_admin_tokens(db::Transaction& tx, const PageRequest& page,
                                                         const AdminTokenFilter& filter = {});
// Revoking twice keeps the first moment.
[[nodiscard]] Result<AdminToken> revoke_admin_token(db::Transaction& tx, std::string_view id, SystemTime at);
// Moves last_used_at forward, never back.
Result<> note_admin_token_used(db::Transaction& tx, std::string_view id, SystemTime at);

}  // namespace sluice::store
