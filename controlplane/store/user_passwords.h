// Hashes of passwords, beside the users that have one. Not pushed. Blocking, any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

// "" if the user has none. It does not change before the transaction ends: a session that begins here with the old
// password is ended by whoever sets a new one.
[[nodiscard]] Result<std::string> get_password_hash(db::Transaction& tx, std::string_view user_id);
// `hash` as identity::PasswordHasher makes it.
Result<> set_password_hash(db::Transaction& tx, std::string_view user_id, std::string_view hash, SystemTime at);

}  // namespace sluice::store
