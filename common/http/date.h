// The Date field of answers (RFC 9110, section 5.6.7), written once a second per thread.
#pragma once

#include <string_view>

#include "common/base/clock.h"

namespace sluice::http {

// "Sun, 06 Nov 1994 08:49:37 GMT". Valid on this thread until it asks again.
[[nodiscard]] std::string_view http_date(SystemTime now);

}  // namespace sluice::http
