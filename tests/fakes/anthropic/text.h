// Small text helpers of the fake vendor. Thread-safe: no state.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::fakes {

std::string cat(std::initializer_list<std::string_view> parts);
// `text` as a JSON string, quotes included.
std::string json_string(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view trimmed(std::string_view text);
// RFC 3339 in UTC with seconds, e.g. 2026-11-22T10:00:00Z.
std::string rfc3339(std::int64_t unix_seconds);
// The HTTP date header's form (RFC 9110 section 5.6.7).
std::string http_date(std::int64_t unix_seconds);
// %41 becomes A; anything else stays.
std::string percent_decoded(std::string_view text);
// Ids like the vendor's: `prefix` and 24 letters and digits, different on every call.
std::string make_id(std::string_view prefix);

}  // namespace sluice::fakes
