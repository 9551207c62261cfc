// Redeem codes: money, slots or a subscription for whoever types them in first. A code has 150 random bits and is shown
// once; only its HMAC is stored. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/api_key.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::billing {

enum class CodeKind { kBalance, kConcurrency, kSubscription };
[[nodiscard]] std::string_view name(CodeKind kind);

struct RedeemCode {
  std::string id = {};
  std::string last4 = {};
  CodeKind kind = CodeKind::kBalance;
  std::int64_t amount_nano_usd = 0;  // of kBalance, > 0
  std::int32_t concurrency = 0;      // of kConcurrency, > 0: slots added
  std::string plan_id = {};          // of kSubscription
  std::int32_t days = 0;             // of kSubscription, > 0
  std::string note = {};
  std::optional<SystemTime> expires_at = {};
  std::optional<SystemTime> revoked_at = {};
  std::string created_by = {};
  SystemTime created_at = {};
  // Of whoever used it.
  std::optional<std::string> redeemed_by = {};
  std::optional<SystemTime> redeemed_at = {};
};

struct NewCode {
  RedeemCode row;
  Secret code;  // "SR-XXXXX-XXXXX-..."; nobody can read it again
};

// A code like `wanted`, whose kind, values, note, expiry and creator count. kInvalidArgument for values that make no
// sense, kNotFound for a plan that is not there.
[[nodiscard]] Result<NewCode> create_code(db::Transaction& tx, const crypto::ApiKeyHasher& hasher,
                                          const RedeemCode& wanted, SystemTime now);

[[nodiscard]] Result<RedeemCode> get_code(db::Transaction& tx, std::string_view id);
// `unused`: only those that still work.
[[nodiscard]] Result<store::Page<RedeemCode>> list_codes(db::Transaction& tx, const store::PageRequest& page,
                                                         std::optional<SystemTime> unused = std::nullopt);
// kFailedPrecondition if it is used.
[[nodiscard]] Result<RedeemCode> revoke_code(db::Transaction& tx, std::string_view id, SystemTime now);

// Attempts that may fail before a user has to wait for the day to pass.
inline constexpr int kRedeemAttempts = 20;
inline constexpr std::chrono::hours kRedeemAttemptsSpan{24};

// Counts an attempt. In a transaction of its own, before redeem(): a code that is wrong must not take it back, and
// attempts in parallel must not slip through. kResourceExhausted when they are used up.
[[nodiscard]] Result<> count_attempt(db::Transaction& tx, std::string_view user_id, SystemTime now);

// Gives the user what the code is for and gives the attempt back. Of any number of calls for one code exactly one
// succeeds. kNotFound, always in the same words, for a code that is unknown, used, revoked or expired.
[[nodiscard]] Result<RedeemCode> redeem(db::Transaction& tx, const crypto::ApiKeyHasher& hasher,
                                        std::string_view user_id, std::string_view code, SystemTime now);

}  // namespace sluice::billing
