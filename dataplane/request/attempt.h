// One upstream call with the account that was chosen.
#pragma once

#include "dataplane/request/exchange.h"
#include "dataplane/request/failure.h"

namespace sluice::request {

// Nothing: the client has its answer, or is gone, and the books are closed. A failure: the client has seen nothing of
// this call.
[[nodiscard]] io::Task<std::optional<Failure>> attempt(Exchange& exchange);

}  // namespace sluice::request
