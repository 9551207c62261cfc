// What an upstream's answer says about its limits, in no vendor's words. Plain value.
#pragma once

#include <optional>

#include "common/base/clock.h"

namespace sluice::provider {

struct LimitSignal {
  std::optional<SystemTime> retry_at;  // stated by the vendor: before it, asking again is pointless
  bool used_up = false;                // an answer that was good was the last one until retry_at
  bool model_only = false;             // the limit is one of the model, not of the account
};

}  // namespace sluice::provider
