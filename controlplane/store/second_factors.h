// What people show beside their password: codes by time and codes for recovery. Not pushed. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct Totp {
  std::string user_id = {};
  // By the vault, under "user_totp|<user_id>|sealed".
  std::string sealed = {};
  std::uint32_t key_version = 0;
  // None: begun, and not asked for yet.
  std::optional<SystemTime> confirmed_at = {};
};

[[nodiscard]] Result<std::optional<Totp>> find_totp(db::Transaction& tx, std::string_view user_id);
// Replaces one that is not confirmed; kFailedPrecondition if there is a confirmed one.
Result<> put_totp(db::Transaction& tx, const Totp& totp);
// Marks the code's time step as used. False if it, or a later one, was used before.
[[nodiscard]] Result<bool> use_totp_step(db::Transaction& tx, std::string_view user_id, std::int64_t step);
Result<> confirm_totp(db::Transaction& tx, std::string_view user_id, SystemTime at);
// With the recovery codes.
Result<> delete_second_factor(db::Transaction& tx, std::string_view user_id);

// Instead of those before.
Result<> replace_recovery_codes(db::Transaction& tx, std::string_view user_id, const std::vector<std::string>& hashes);
// True once for each code.
[[nodiscard]] Result<bool> use_recovery_code(db::Transaction& tx, std::string_view user_id, std::string_view hash,
                                             SystemTime at);
[[nodiscard]] Result<std::int32_t> count_recovery_codes(db::Transaction& tx, std::string_view user_id);

}  // namespace sluice::store
