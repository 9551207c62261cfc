// Gets what the request needs before it may go upstream: admission (slots, rates, money) and a slot of an account, all
// in one script call where there is room, else after a wait in a fair queue.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// Sets exchange.candidate and exchange.provider. After a failed attempt it asks for another account only.
[[nodiscard]] io::Task<Step> acquire(Exchange& exchange);

}  // namespace sluice::request
