// A request as OpenSSL's object. For common/pki only.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "common/pki/openssl.h"

namespace sluice::pki {

// As key_of_request() of request.h: well-formed, signed by its own key, which is EC P-256.
[[nodiscard]] Result<RequestPtr> parse_request(std::string_view pem);

}  // namespace sluice::pki
