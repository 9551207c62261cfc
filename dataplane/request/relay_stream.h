// The pump of one streamed answer.
#pragma once

#include "dataplane/request/exchange.h"
#include "dataplane/request/failure.h"
#include "dataplane/request/upstream_body.h"

namespace sluice::request {

// Whole events go on as they came, the preamble only with the first content. As attempt().
[[nodiscard]] io::Task<std::optional<Failure>> relay_stream(Exchange& exchange, UpstreamBody body);

}  // namespace sluice::request
