// Logins that wait for their redirect: made by one replica, finished by any, once. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct OAuthLogin {
  std::string id = {};
  // crypto::token_hash() of the state parameter.
  std::string state_hash = {};
  // Of the row in oauth_clients.
  std::string client_id = {};
  std::string account_id = {};
  // Ciphertext of the state and the PKCE verifier.
  std::string sealed = {};
  std::int32_t key_version = 1;
  // Who began it, as in the audit log.
  std::string actor = {};
  SystemTime expires_at = {};
};

// Also drops logins that ended more than a day ago.
[[nodiscard]] Result<> insert_oauth_login(db::Transaction& tx, const OAuthLogin& login, SystemTime now);

// Marks it used, for good once the transaction commits. kNotFound for a state that is unknown, used or too old: these
// are not told apart.
[[nodiscard]] Result<OAuthLogin> take_oauth_login(db::Transaction& tx, std::string_view state_hash, SystemTime now);
// The same by its id, for a code that came without its state.
[[nodiscard]] Result<OAuthLogin> take_oauth_login_by_id(db::Transaction& tx, std::string_view id, SystemTime now);

}  // namespace sluice::store
