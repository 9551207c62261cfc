// The body and what it asks for: read whole, checked once, never rewritten.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// 400 for a body that is not what the protocol wants, 413 beyond the limit, 415 for a missing or wrong content type.
[[nodiscard]] io::Task<Step> read_call(Exchange& exchange);

}  // namespace sluice::request
