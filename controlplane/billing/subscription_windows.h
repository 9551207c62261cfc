// How much of a subscription's windows is used, and when they will be used up if it goes on like this. Blocking, any
// thread; forecast() is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/money/window.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/subscriptions.h"

namespace sluice::billing {

struct WindowUse {
  money::Window window = money::Window::kDay;
  money::WindowSpan span = {};
  std::optional<std::int64_t> limit_nano_usd = {};  // empty: no limit
  std::int64_t spent_nano_usd = 0;
  // When the limit is reached at the mean speed since the window, or the subscription, began. Empty: not within this
  // window.
  std::optional<SystemTime> used_up_at = {};
};

// The day, the week and the month around `now` in the billing time zone, in this order.
[[nodiscard]] Result<std::vector<WindowUse>> window_use(db::Transaction& tx, const store::Subscription& subscription,
                                                        SystemTime now);

// See WindowUse.used_up_at. `since`: the begin of what was spent, before `now`.
[[nodiscard]] std::optional<SystemTime> forecast(std::int64_t spent, std::int64_t limit, SystemTime since,
                                                 SystemTime now, SystemTime end);

}  // namespace sluice::billing
