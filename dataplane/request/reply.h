// Answers that the gateway gives itself: refusals and failures, in the caller's protocol.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// Carries the request id; `x-should-retry: false` where waiting cannot help, `retry-after` where it can.
[[nodiscard]] io::Task<> reply_error(Exchange& exchange, protocol::ApiError error);

// What the HTTP layer refused before there was a request to route; the connection closes behind it.
[[nodiscard]] io::Task<> reply_refusal(Exchange& exchange);

}  // namespace sluice::request
