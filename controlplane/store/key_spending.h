// What API keys have spent in the windows of their budgets: a cache over usage events. Blocking, any thread.
//
// Who stores usage events adds to it, in the same transaction, for the windows that the node charged. Who gives a key a
// budget sums it up from the events: requests that were admitted before their node heard of the budget and are stored
// after it was set are the only ones that are not counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"

namespace sluice::store {

// Money that a key may spend in a window.
struct Budget {
  BudgetWindow window = BudgetWindow::kTotal;
  std::int64_t limit_nano_usd = 0;
  bool operator==(const Budget&) const = default;
};

struct KeySpending {
  std::string api_key_id = {};
  std::string window_id = {};  // as common/money/window.h names it
  std::int64_t spent_nano_usd = 0;
  std::int64_t version = 0;
};

// Until the transaction ends no usage event is stored. Call it before any row is locked: whoever stores events locks
// rows after that.
Result<> own_key_spending(db::Transaction& tx);

// Sums up anew what the keys spent in the windows of their budgets around `now`. After own_key_spending(). Reads all of
// a window's events: seconds for a key with millions, in which no event is stored.
Result<> sum_key_spending(db::Transaction& tx, const std::vector<std::string>& key_ids, SystemTime now,
                          const std::string& time_zone);

// What has been spent in the windows around `now`, by key and window; of all keys without `key_ids`. Windows in which
// nothing was spent may be missing.
[[nodiscard]] Result<std::vector<KeySpending>> current_spending(db::Transaction& tx,
                                                                const std::optional<std::vector<std::string>>& key_ids,
                                                                SystemTime now, const std::string& time_zone);

// The budgets of a key, from the shortest window to the longest.
[[nodiscard]] Result<std::vector<Budget>> get_budgets(db::Transaction& tx, std::string_view key_id);

}  // namespace sluice::store
