// When an upstream wants to be asked again, by the response fields that all vendors have in common. Plain code; any
// thread.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/http/head.h"

namespace sluice::provider {

// retry-after-ms, retry-after in seconds or as an HTTP date (RFC 9110, section 10.2.3). What is not in the future, or
// is more than a week away, is brought within [1 s, 7 days].
[[nodiscard]] std::optional<SystemTime> retry_after(const std::vector<http::Field>& fields, SystemTime now);

}  // namespace sluice::provider
