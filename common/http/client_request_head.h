// Builds the head of a request to a server.
#pragma once

#include <string>

#include "common/base/status.h"
#include "common/http/client_pool.h"

namespace sluice::http {

// Request line and fields up to and with the empty line. kInvalidArgument if a part holds a character with which it
// would not stay what it is (request splitting). Errors name the field, never its value.
[[nodiscard]] Result<std::string> build_request_head(const ClientRequest& request);

}  // namespace sluice::http
