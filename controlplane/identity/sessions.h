// Sessions of browsers: begun by a sign-in, shown as an opaque token, ended by time, by the person or by staff.
// Blocking, any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/sessions.h"
#include "controlplane/store/users.h"

namespace sluice::identity {

// A session ends after this time, whatever happens,
inline constexpr std::chrono::hours kSessionLifetime{7 * 24};
// and after this time without a call.
inline constexpr std::chrono::hours kSessionIdle{12};

// Where a sign-in comes from, as shown to the person.
struct ClientInfo {
  // "203.0.113.7/32" or "2001:db8::/64"; empty if it is not known.
  std::string network = {};
  std::string user_agent = {};
};

struct NewSession {
  Secret token;  // 256 random bits; stored nowhere
  store::Session row;
};

[[nodiscard]] Result<NewSession> start_session(db::Transaction& tx, const Clock& clock, std::string_view user_id,
                                               bool second_factor, const ClientInfo& client);

// Who calls with a live session.
struct SessionUser {
  store::User user;
  store::Session session;
  // Of this session: to be sent back with every call that changes something.
  Secret csrf_token;

  // In constant time.
  [[nodiscard]] bool csrf_matches(std::string_view given) const;
};

// kUnauthenticated if there is no such session, it has ended, or its user is not active. Moves "last seen" at most once
// a minute.
[[nodiscard]] Result<SessionUser> find_session(db::Transaction& tx, std::string_view token, const Clock& clock);

// Bound to the session; tells nothing of its token.
[[nodiscard]] Secret csrf_token(std::string_view session_token);

}  // namespace sluice::identity
