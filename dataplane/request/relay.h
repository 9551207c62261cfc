// Brings an upstream's answer to the client: a stream event by event, anything else as a whole. FINAL is in the journal
// before the last byte goes out, a cut never looks like an end, and a silent stream is kept alive.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// An error means that nothing was sent to the client yet.
[[nodiscard]] io::Task<Step> relay(Exchange& exchange, http::ClientResponse answer);

}  // namespace sluice::request
