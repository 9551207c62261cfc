// The vendor's model catalogue: GET /v1/models and /v1/models/{id}. Thread-safe.
#pragma once

#include <string_view>

#include "tests/fakes/anthropic/http_request.h"
#include "tests/fakes/anthropic/script.h"

namespace sluice::fakes {

// Honours limit (1..1000, default 20), after_id and before_id.
Script model_list(const HttpRequest& request);
Script one_model(std::string_view id);

}  // namespace sluice::fakes
