// Links that prove an e-mail address: made here, sent by mail, used once. Blocking, any thread.
#pragma once

#include <chrono>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/email_tokens.h"

namespace sluice::identity {

inline constexpr std::string_view kRegister = "register";
inline constexpr std::string_view kVerify = "verify";
inline constexpr std::string_view kReset = "reset";

// Of kReset 30 minutes, else a day.
[[nodiscard]] std::chrono::seconds life_of(std::string_view purpose);

// Fills in the hash and the times; older links of the same purpose end. Returns the token, which is stored nowhere.
[[nodiscard]] Result<Secret> make_link(db::Transaction& tx, const Clock& clock, store::EmailToken row);

// Counts a mail that a stranger asks for: 3 at once for an address and then one in 10 minutes, 10 for a network and
// then one a minute. kResourceExhausted with the time to wait.
[[nodiscard]] Result<> count_mail(db::Transaction& tx, const Clock& clock, std::string_view email,
                                  std::string_view network);

}  // namespace sluice::identity
