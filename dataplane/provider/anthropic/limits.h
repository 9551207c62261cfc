// Anthropic's rate-limit headers (docs.anthropic.com, "Rate limits"; subscriptions answer with the "unified" ones).
#pragma once

#include <string_view>

#include "common/http/head.h"
#include "dataplane/provider/limits/limit_signal.h"

namespace sluice::provider::anthropic {

// A subscription's window that is "rejected" blocks until its reset, the latest if there are several; one of a family
// of models ("7d_opus") blocks the model only. While the status of all windows together says "allowed", requests are
// still served (overage), so that a good answer blocks nothing. `body` is looked at for errors only. Plain code; any
// thread. Costs one pass over the header names and does not allocate.
[[nodiscard]] LimitSignal read_limits(const http::ResponseHead& head, std::string_view body, SystemTime now);

}  // namespace sluice::provider::anthropic
