// Sessions of people who signed in, known only by the hash of their token. Not pushed. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct Session {
  std::string id = {};
  std::string user_id = {};
  // crypto::token_hash(); unique.
  std::string token_hash = {};
  // Whether it began with a second factor.
  bool second_factor = false;
  // "203.0.113.7/32", or "" if it is not known.
  std::string network = {};
  std::string user_agent = {};
  SystemTime created_at = {};
  SystemTime last_seen_at = {};
  SystemTime expires_at = {};
  std::optional<SystemTime> revoked_at = {};
};

Result<> insert_session(db::Transaction& tx, const Session& session);
// Also revoked and expired ones: the caller looks at these. kNotFound if there is none.
[[nodiscard]] Result<Session> find_session_row(db::Transaction& tx, std::string_view token_hash);
[[nodiscard]] Result<Session> get_session(db::Transaction& tx, std::string_view id);
// The live ones of a user: not revoked, ending after `now`, seen after `seen_after`.
[[nodiscard]] Result<Page<Session>> list_sessions(db::Transaction& tx, const PageRequest& page,
                                                  std::string_view user_id, SystemTime now, SystemTime seen_after);
// Moves last_seen_at to `now` if it is before `older_than`. Never waits for another transaction that does so too.
Result<> note_session_seen(db::Transaction& tx, std::string_view id, SystemTime now, SystemTime older_than);
// Revoking twice keeps the first moment.
Result<> revoke_session(db::Transaction& tx, std::string_view id, SystemTime at);
// All of the user, except `but` ("" spares none). Returns how many ended.
Result<std::int64_t> revoke_sessions(db::Transaction& tx, std::string_view user_id, std::string_view but,
                                     SystemTime at);
// Whether this user began a session from the network since then, and it was not revoked.
[[nodiscard]] Result<bool> knows_network(db::Transaction& tx, std::string_view user_id, std::string_view network,
                                         SystemTime since);
// Deletes at most `limit` rows that ended before `before`. Returns how many.
Result<std::int64_t> drop_sessions(db::Transaction& tx, SystemTime before, int limit);

}  // namespace sluice::store
