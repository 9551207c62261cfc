#include "common/money/money.h"

#include <fmt/format.h>

#include <limits>

#include "common/money/decimal.h"

namespace sluice::money {

namespace {

using Wide = __int128;

std::unexpected<Error> too_large() {
  return fail(ErrorCode::kResourceExhausted, "amount does not fit into 9.2 billion USD");
}

// value / divisor for value >= 0, half to even.
Wide divide_half_even(Wide value, Wide divisor) {
  const Wide quotient = value / divisor;
  const Wide twice_rest = (value % divisor) * 2;
  if (twice_rest > divisor || (twice_rest == divisor && quotient % 2 == 1)) return quotient + 1;
  return quotient;
}

// The amount before the multiplier, in nano-USD / 1e6.
Result<Wide> sum_of(std::span<const TokenLine> lines, std::int64_t per_request_nano_usd) {
  if (per_request_nano_usd < 0) return fail(ErrorCode::kInvalidArgument, "price per request is negative");
  Wide sum = Wide{per_request_nano_usd} * kTokensPerPriceUnit;
  for (const TokenLine& line : lines) {
    if (line.tokens < 0) return fail(ErrorCode::kInvalidArgument, "token count is negative");
    if (line.unit_price < 0) return fail(ErrorCode::kInvalidArgument, "price per million tokens is negative");
    if (__builtin_add_overflow(sum, Wide{line.tokens} * line.unit_price, &sum)) return too_large();
  }
  return sum;
}

}  // namespace

Result<std::int64_t> cost(std::span<const TokenLine> lines, std::int64_t per_request_nano_usd,
                          std::uint64_t multiplier_ppm) {
  const Result<Wide> sum = sum_of(lines, per_request_nano_usd);
  if (!sum) return std::unexpected(sum.error());
  Wide scaled = 0;
  // What overflows here is beyond 2^63 nano-USD after the division as well.
  if (__builtin_mul_overflow(*sum, Wide{multiplier_ppm}, &scaled)) return too_large();
  const Wide rounded = divide_half_even(scaled, Wide{kTokensPerPriceUnit} * Wide{kPpm});
  if (rounded > std::numeric_limits<std::int64_t>::max()) return too_large();
  return static_cast<std::int64_t>(rounded);
}

Result<std::uint64_t> combine_multipliers(std::uint64_t a_ppm, std::uint64_t b_ppm) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a_ppm) * b_ppm;
  // Below 2^127 or far out of range either way.
  if (product >> 127 != 0) return fail(ErrorCode::kResourceExhausted, "multiplier is out of range");
  const Wide rounded = divide_half_even(static_cast<Wide>(product), Wide{kPpm});
  if (rounded > std::numeric_limits<std::uint64_t>::max()) {
    return fail(ErrorCode::kResourceExhausted, "multiplier is out of range");
  }
  return static_cast<std::uint64_t>(rounded);
}

Result<std::int64_t> parse_usd(std::string_view text) {
  const bool negative = text.starts_with('-');
  const Result<std::uint64_t> magnitude = parse_decimal(text.substr(negative ? 1 : 0), 9);
  if (!magnitude) return fail("amount in USD", magnitude.error());
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  if (*magnitude > limit) return fail(ErrorCode::kInvalidArgument, "amount in USD: out of range");
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::string format_usd(std::int64_t nano_usd) {
  const bool negative = nano_usd < 0;
  const std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(nano_usd) : static_cast<std::uint64_t>(nano_usd);
  return (negative ? "-" : "") + format_decimal(magnitude, 9);
}

Result<std::uint64_t> parse_multiplier(std::string_view text) {
  const Result<std::uint64_t> ppm = parse_decimal(text, 6);
  if (!ppm) return fail("multiplier", ppm.error());
  return ppm;
}

std::string format_multiplier(std::uint64_t ppm) {
  return format_decimal(ppm, 6);
}

}  // namespace sluice::money
