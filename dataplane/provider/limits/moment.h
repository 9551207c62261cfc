// Points in time as vendors write them. Plain code; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace sluice::provider {

// RFC 3339, such as "2026-11-23T10:00:00Z" or "2026-11-23T12:00:00.25+02:00", or seconds since 1970. Digits beyond
// microseconds are dropped. Nothing for any other text, and for years before 1970.
[[nodiscard]] std::optional<SystemTime> moment(std::string_view text);

// "Mon, 23 Nov 2026 10:00:00 GMT".
[[nodiscard]] std::optional<SystemTime> http_date(std::string_view text);

// Within [now + 1 s, now + 7 days].
[[nodiscard]] SystemTime sensible(SystemTime at, SystemTime now);

}  // namespace sluice::provider
