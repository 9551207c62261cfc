// Whether this request may run now: a price, a balance, an account, a slot. The slot is the only call out.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// 404 unknown model, 402 no balance, 429 all slots of the user taken, 503 no account can serve it.
// Token counting is free and takes no slot.
[[nodiscard]] io::Task<Step> admit(Exchange& exchange);

}  // namespace sluice::request
