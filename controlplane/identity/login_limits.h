// How often may be tried to sign in: by account and by network, over all replicas. Counted before a password is looked
// at, given back when it was right. Blocking, any thread.
//
// Nobody can lock a person out: from a network where he signed in within 90 days, his attempts are counted apart from
// those of everybody else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/login_attempts.h"

namespace sluice::identity {

inline constexpr store::AttemptLimit kAccountAttempts{.burst = 10, .per_one = std::chrono::seconds(60)};
inline constexpr store::AttemptLimit kNetworkAttempts{.burst = 30, .per_one = std::chrono::seconds(10)};

// What an attempt was counted on.
struct Attempt {
  std::vector<std::string> accounts;
  std::vector<std::string> networks;
};

// `user_id` is "" for an e-mail address that nobody has. `network` is "" if it is not known. kResourceExhausted with
// the time to wait.
[[nodiscard]] Result<Attempt> count_attempt(db::Transaction& tx, const Clock& clock, std::string_view user_id,
                                            std::string_view email, std::string_view network);
Result<> give_back(db::Transaction& tx, const Attempt& attempt);

}  // namespace sluice::identity
