// What an upstream's answer says about its limits, in no vendor's words. Plain value.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace sluice::provider {

// How much of a quota that starts anew now and then is used.
struct QuotaWindow {
  std::string_view name;  // a literal such as "5h"; empty: nothing was said
  double used = 0;        // 1: all of it; may be more
};

struct LimitSignal {
  std::optional<SystemTime> retry_at = {};  // stated by the vendor: before it, asking again is pointless
  bool used_up = false;                     // an answer that was good was the last one until retry_at
  bool model_only = false;                  // the limit is one of the model, not of the account
  std::array<QuotaWindow, 2> windows = {};
};

}  // namespace sluice::provider
