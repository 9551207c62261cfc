// A refused credential is renewed by the control plane; a request that has nobody else waits for that.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// True once a newer credential has arrived for an account that refused the old one in this request: it may be tried
// again. At once false if there is none to wait for; never waits longer than a few seconds, and once per request.
[[nodiscard]] io::Task<bool> wait_for_renewal(Exchange& exchange);

}  // namespace sluice::request
