// Fixed-point decimals without a sign: a number of units of 10^-places as text and back, exactly. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::money {

// Digits, optionally a point and digits; decimals beyond `places` must be zeros. kInvalidArgument otherwise.
[[nodiscard]] Result<std::uint64_t> parse_decimal(std::string_view text, int places);

// Without trailing zeros after the point.
[[nodiscard]] std::string format_decimal(std::uint64_t units, int places);

}  // namespace sluice::money
