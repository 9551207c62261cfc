// Brings an upstream's answer to the client: a stream event by event, anything else as a whole. FINAL is in the journal
// before the last byte goes out, a cut never looks like an end, and a silent stream is kept alive.
#pragma once

#include "dataplane/request/exchange.h"
#include "dataplane/request/failure.h"

namespace sluice::request {

// As attempt().
[[nodiscard]] io::Task<std::optional<Failure>> relay(Exchange& exchange, http::ClientResponse answer);

// Passes on an answer that was kept back, now that no other account is left to try.
[[nodiscard]] io::Task<> relay_kept(Exchange& exchange, KeptAnswer answer);

}  // namespace sluice::request
