// Which endpoint a request is for, by method and path. The path is the parsed one; nothing else ever routes.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// 404 for an unknown path, 405 for a known path with another method.
[[nodiscard]] Step route(Exchange& exchange);

}  // namespace sluice::request
