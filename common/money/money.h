// Amounts of money: int64 nano-USD (1e-9 USD, up to about 9.2 billion USD either way), never floating point. Prices are
// nano-USD per million tokens, multipliers are parts per million (1,000,000 is 1.0, 0 is free). Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::money {

inline constexpr std::int64_t kNanoPerUsd = 1'000'000'000;
inline constexpr std::int64_t kTokensPerPriceUnit = 1'000'000;
inline constexpr std::uint64_t kPpm = 1'000'000;

// "12", "-0.5", "0.000000001" -> nano-USD, exactly. Refused: anything else, such as exponents, signs other than one
// leading '-', missing digits on either side of the point, more than 9 decimals unless they are zeros, out of range.
[[nodiscard]] Result<std::int64_t> parse_usd(std::string_view text);

// The shortest decimal that parse_usd reads back: "12", "-0.5", "0.000000001".
[[nodiscard]] std::string format_usd(std::int64_t nano_usd);

// "1.25" <-> 1,250,000. Never negative, at most 6 decimals.
[[nodiscard]] Result<std::uint64_t> parse_multiplier(std::string_view text);
[[nodiscard]] std::string format_multiplier(std::uint64_t ppm);

struct TokenLine {
  std::int64_t tokens = 0;      // >= 0
  std::int64_t unit_price = 0;  // nano-USD per million tokens, >= 0
};

// (sum of tokens x price per million + per_request) x multiplier, exact, rounded once to nano-USD, half to even.
// kInvalidArgument for a negative input, kResourceExhausted if the result does not fit.
[[nodiscard]] Result<std::int64_t> cost(std::span<const TokenLine> lines, std::int64_t per_request_nano_usd,
                                        std::uint64_t multiplier_ppm);

// Two multipliers in effect together, rounded to ppm, half to even. kResourceExhausted if it does not fit.
[[nodiscard]] Result<std::uint64_t> combine_multipliers(std::uint64_t a_ppm, std::uint64_t b_ppm);

}  // namespace sluice::money
