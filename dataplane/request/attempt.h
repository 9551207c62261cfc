// One try at an upstream account: journal the intent, send, judge, hand the answer to the relay.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// On an error nothing was sent to the client yet; the event, if there is one, is settled either way.
[[nodiscard]] io::Task<Step> attempt(Exchange& exchange);

}  // namespace sluice::request
