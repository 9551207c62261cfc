// When an upstream wants to be asked again, from what all vendors have in common. Plain code; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/head.h"

namespace sluice::provider {

// retry-after-ms, retry-after in seconds or as an HTTP date (RFC 9110, section 10.2.3). What is not in the future, or
// is more than a week away, is brought within [1 s, 7 days].
[[nodiscard]] std::optional<SystemTime> retry_after(const std::vector<http::Field>& fields, SystemTime now);

// The waits that vendors write into error bodies: Google's "retryDelay": "34.5s", OpenAI's "try again in 1m2.5s".
[[nodiscard]] std::optional<SystemTime> retry_in_body(std::string_view body, SystemTime now);

// "2026-11-23T10:00:00Z", or seconds since 1970.
[[nodiscard]] std::optional<SystemTime> moment(std::string_view text);

// Within [now + 1 s, now + 7 days].
[[nodiscard]] SystemTime sensible(SystemTime at, SystemTime now);

}  // namespace sluice::provider
