// Anthropic's rate-limit headers (docs.anthropic.com, "Rate limits"; subscriptions answer with the "unified" ones).
#pragma once

#include <string_view>

#include "common/http/head.h"
#include "dataplane/provider/limits/limit_signal.h"

namespace sluice::provider::anthropic {

// `body` is looked at for errors only. Plain code; any thread. Costs one pass over the header names.
[[nodiscard]] LimitSignal read_limits(const http::ResponseHead& head, std::string_view body, SystemTime now);

}  // namespace sluice::provider::anthropic
