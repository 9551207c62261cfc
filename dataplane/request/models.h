// GET /v1/models: what the caller's group can use, answered from the snapshot.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// Anthropic's list shape; query parameters limit, after_id and before_id page through it.
[[nodiscard]] io::Task<> reply_models(Exchange& exchange);

}  // namespace sluice::request
