// What keeps accounts out of the choice, as nodes reported it last. Not pushed. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct AccountHealth {
  std::string account_id = {};
  std::string model = {};   // empty: the whole account
  std::int32_t reason = 0;  // sluice.config.v1.AccountHealthReason, not 0
  SystemTime until = {};    // in the past: healthy again
  std::int32_t upstream_status = 0;
  std::string detail = {};
  std::string node_id = {};
  SystemTime seen_at = {};
};

// One time that something kept an account out: from the first report of it to its end.
struct HealthEpisode {
  std::string id = {};
  // Newest report, but for seen_at.
  AccountHealth health = {};
  SystemTime began_at = {};
  std::int64_t reports = 0;
};

// Creates or updates the row of account, model and reason, and its episode. A time that is still to come only ever
// grows: nodes report the same block one after the other.
Result<> put_account_health(db::Transaction& tx, const AccountHealth& health);
// The account's rows, newest end first. Whether there is such an account is not asked.
[[nodiscard]] Result<std::vector<AccountHealth>> list_account_health(db::Transaction& tx, std::string_view account_id);
// Newest beginning first.
[[nodiscard]] Result<Page<HealthEpisode>> list_health_episodes(db::Transaction& tx, const PageRequest& page,
                                                               std::string_view account_id);
// Drops what ended before that, episodes too.
Result<> drop_account_health(db::Transaction& tx, SystemTime ended_before);

}  // namespace sluice::store
