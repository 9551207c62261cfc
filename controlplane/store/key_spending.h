// What API keys have spent in the windows of their budgets: a cache over usage events. Blocking, any thread.
//
// Who stores usage events adds to it, in the same transaction, for the keys that have budgets; who gives a key a budget
// sums it up from the events. So that no event is lost between the two, the first kind of transaction begins with
// share_key_spending() and the second with own_key_spending(), before either has locked a row or looked at budgets.
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

// Until the transaction ends. Many may share; an owner is alone.
Result<> share_key_spending(db::Transaction& tx);
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
