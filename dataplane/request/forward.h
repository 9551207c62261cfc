// From an admitted call to its answer: an account, an upstream call, and another account if that came to nothing
// before the client had seen any of it.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// The client has its answer or its error when this ends, or is gone.
[[nodiscard]] io::Task<> forward(Exchange& exchange);

}  // namespace sluice::request
