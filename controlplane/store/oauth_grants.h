// What logins gave: per account the sealed refresh token, when it is due, who refreshes it now, and what is known about
// the account behind it. The access token itself is the account's credential (credentials.h). Blocking, any thread.
#pragma once

#include <chrono>
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

enum class GrantState {
  kActive,
  kUnrefreshable,  // the provider gave no refresh token
  kNeedsLogin,     // the provider refuses the refresh token for good
  kReplaced,       // another credential was stored for the account, or its URL changed hosts
};
// "active", "unrefreshable", "needs_login", "replaced".
[[nodiscard]] std::string_view name(GrantState state);

struct OAuthGrant {
  std::string account_id = {};
  // Of the row in oauth_clients.
  std::string client_id = {};
  // Ciphertext of the refresh token; empty if there is none.
  std::string sealed = {};
  std::int32_t key_version = 1;
  // Rises with every answer that is stored.
  std::int64_t generation = 0;
  std::int64_t credential_revision = 0;
  std::string bound_host = {};
  std::vector<std::string> scopes = {};
  GrantState state = GrantState::kActive;
  std::optional<SystemTime> access_expires_at = {};
  std::optional<SystemTime> refresh_at = {};
  std::optional<SystemTime> refreshed_at = {};
  std::optional<std::string> lease_id = {};
  std::int32_t failures = 0;
  std::int32_t invalid_grants = 0;
  std::string last_error = {};
  std::optional<SystemTime> last_error_at = {};
  std::optional<SystemTime> facts_due_at = {};
  std::optional<SystemTime> facts_at = {};
  std::int32_t facts_failures = 0;
  std::string facts_error = {};
  std::string google_project = {};
  std::string google_tier = {};
  std::int64_t drive_limit_bytes = 0;
  std::int64_t drive_used_bytes = 0;
};

// After a login: replaces what was there, with the next generation and without a lease.
[[nodiscard]] Result<OAuthGrant> put_oauth_grant(db::Transaction& tx, const OAuthGrant& grant);
// kNotFound if the account never logged in. With `lock`, nobody else changes the row until the transaction ends.
[[nodiscard]] Result<OAuthGrant> get_oauth_grant(db::Transaction& tx, std::string_view account_id, bool lock = false);
// Of accounts that are not deleted, by account id; the cursor is the last account's id.
[[nodiscard]] Result<Page<OAuthGrant>> list_oauth_grants(db::Transaction& tx, const PageRequest& page);

// Leases one grant that is due at `now`, for as long as `lease` by the database's clock; nullopt if there is none that
// nobody holds.
[[nodiscard]] Result<std::optional<OAuthGrant>> claim_oauth_grant(db::Transaction& tx, std::string_view lease_id,
                                                                  SystemTime now, std::chrono::microseconds lease);
// Writes everything but the lease, if the generation is still `grant.generation`; else false and nothing is done.
[[nodiscard]] Result<bool> write_oauth_grant(db::Transaction& tx, const OAuthGrant& grant, bool next_generation);
// Gives the lease back, if it is still this one.
[[nodiscard]] Result<> release_oauth_grant(db::Transaction& tx, std::string_view account_id, std::string_view lease_id);

// An upstream refused the credential in this revision: makes a refresh due at `now`, once per revision. False if that
// was known, the revision is not the stored one, or refreshing fails at present (back-off goes on).
[[nodiscard]] Result<bool> note_refused(db::Transaction& tx, std::string_view account_id, std::int64_t revision,
                                        SystemTime now);
// Makes a refresh due, whatever the back-off says. False if there is nothing to refresh.
[[nodiscard]] Result<bool> make_refresh_due(db::Transaction& tx, std::string_view account_id, SystemTime now);
// Makes the reading of facts due for these accounts; empty: for all whose client has facts to read. Returns how many.
[[nodiscard]] Result<std::int64_t> make_facts_due(db::Transaction& tx, const std::vector<std::string>& account_ids,
                                                  SystemTime now);
// After a change of an OAuth client: what failed is tried again.
[[nodiscard]] Result<> retry_grants_of(db::Transaction& tx, std::string_view client_id, SystemTime now);

}  // namespace sluice::store
