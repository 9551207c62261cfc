// Links that went by mail, known by the hash of their token; each works once. Not pushed. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct EmailToken {
  std::string token_hash = {};  // crypto::token_hash()
  std::string purpose = {};     // "register", "verify" or "reset"
  std::string email = {};
  std::string user_id = {};        // empty: somebody who registers
  std::string password_hash = {};  // of somebody who registers
  std::string display_name = {};
  SystemTime created_at = {};
  SystemTime expires_at = {};
};

// Replaces older ones of the same purpose for the same user, or for the same address of nobody.
Result<> insert_email_token(db::Transaction& tx, const EmailToken& token);
// kNotFound: there is none, it was used, or it is too old.
[[nodiscard]] Result<EmailToken> find_email_token(db::Transaction& tx, std::string_view token_hash,
                                                  std::string_view purpose, SystemTime now);
// The same, and it is gone.
[[nodiscard]] Result<EmailToken> use_email_token(db::Transaction& tx, std::string_view token_hash,
                                                 std::string_view purpose, SystemTime now);
Result<> drop_email_tokens_of(db::Transaction& tx, std::string_view user_id, std::string_view purpose);
// Deletes at most `limit` that ended before `before`. Returns how many.
Result<std::int64_t> drop_email_tokens(db::Transaction& tx, SystemTime before, int limit);

}  // namespace sluice::store
