#include "common/money/decimal.h"

#include <fmt/format.h>

namespace sluice::money {

namespace {

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}; a plain decimal such as 12.5 is expected", why));
}

bool append_digit(std::uint64_t& value, char digit) {
  return !__builtin_mul_overflow(value, std::uint64_t{10}, &value) &&
         !__builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Result<std::uint64_t> parse_decimal(std::string_view text, int places) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && decimals.empty())) return refuse("digits are missing");
  std::uint64_t value = 0;
  for (const char c : whole) {
    if (!is_digit(c)) return refuse("not a number");
    if (!append_digit(value, c)) return refuse("out of range");
  }
  int read = 0;
  for (const char c : decimals) {
    if (!is_digit(c)) return refuse("not a number");
    if (read == places) {
      if (c != '0') return refuse(fmt::format("more than {} decimals", places));
      continue;
    }
    if (!append_digit(value, c)) return refuse("out of range");
    ++read;
  }
  for (; read < places; ++read) {
    if (!append_digit(value, '0')) return refuse("out of range");
  }
  return value;
}

std::string format_decimal(std::uint64_t units, int places) {
  std::uint64_t scale = 1;
  for (int i = 0; i < places; ++i)
    scale *= 10;
  if (units % scale == 0) return fmt::format("{}", units / scale);
  std::string text = fmt::format("{}.{:0{}}", units / scale, units % scale, places);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace sluice::money
