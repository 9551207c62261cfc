// Who asks: the key's HMAC is looked up in the snapshot. No I/O, so an unknown key costs no Redis and no upstream call.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// 401 for a missing, unknown, expired or disabled key; 403 for a disabled user or group, or an address that
// the key may not be used from.
[[nodiscard]] Step authenticate(Exchange& exchange);

}  // namespace sluice::request
