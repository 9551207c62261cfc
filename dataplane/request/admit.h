// What the request asks of the limits: its price, what it may cost, whose slots, rates and money it needs.
#pragma once

#include "dataplane/limit/demand.h"
#include "dataplane/request/exchange.h"

namespace sluice::request {

// A model without a price is refused: a guess would be charged.
[[nodiscard]] Step find_price(Exchange& exchange);

// Everything but the accounts. The views live as long as the exchange.
[[nodiscard]] limit::Demand demand_of(const Exchange& exchange);

// The refusal in words, with the limit's name, value and reset.
[[nodiscard]] protocol::ApiError explain(const limit::Refused& refused);

}  // namespace sluice::request
