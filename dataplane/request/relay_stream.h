// The pump of one streamed answer.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// Whole events go on as they came. An error means that nothing was sent to the client yet.
[[nodiscard]] io::Task<Step> relay_stream(Exchange& exchange, http::ClientResponse answer);

}  // namespace sluice::request
