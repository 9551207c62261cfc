#include "common/money/money.h"

#include <catch2/catch.hpp>
#include <limits>
#include <random>

namespace sluice::money {

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// USD per million tokens.
constexpr std::int64_t usd(double dollars) {
  return static_cast<std::int64_t>(dollars * 1e9 + 0.5);
}

std::int64_t cost_of(std::vector<TokenLine> lines, std::int64_t per_request = 0, std::uint64_t ppm = kPpm) {
  const auto result = cost(lines, per_request, ppm);
  REQUIRE(result.has_value());
  return *result;
}

}  // namespace

TEST_CASE("amounts are read exactly") {
  const std::vector<std::pair<std::string, std::int64_t>> good = {{"0", 0},
                                                                  {"-0", 0},
                                                                  {"1", kNanoPerUsd},
                                                                  {"0.000000001", 1},
                                                                  {"-0.5", -500'000'000},
                                                                  {"12.3400000000000", 12'340'000'000},
                                                                  {"007.1", 7'100'000'000},
                                                                  {"9223372036.854775807", kMax},
                                                                  {"-9223372036.854775808", kMin}};
  for (const auto& [text, nano] : good) {
    CAPTURE(text);
    const auto parsed = parse_usd(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == nano);
  }
}

TEST_CASE("anything but a plain decimal in range is refused") {
  for (const char* text : {"",
                           "-",
                           ".",
                           "1.",
                           ".5",
                           "+1",
                           "--1",
                           "1e3",
                           "0x10",
                           "1,5",
                           " 1",
                           "1 ",
                           "1.2.3",
                           "NaN",
                           "inf",
                           "0.0000000001",
                           "9223372036.854775808",
                           "-9223372036.854775809",
                           "99999999999999999999999",
                           "1.-5",
                           "1\n"}) {
    CAPTURE(text);
    const auto parsed = parse_usd(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
  }
  REQUIRE_FALSE(parse_usd(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("amounts are written as the shortest decimal") {
  CHECK(format_usd(0) == "0");
  CHECK(format_usd(1) == "0.000000001");
  CHECK(format_usd(-500'000'000) == "-0.5");
  CHECK(format_usd(12 * kNanoPerUsd) == "12");
  CHECK(format_usd(120 * kNanoPerUsd + 10) == "120.00000001");
  CHECK(format_usd(kMax) == "9223372036.854775807");
  CHECK(format_usd(kMin) == "-9223372036.854775808");
}

TEST_CASE("every amount survives text and back") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto nano = static_cast<std::int64_t>(random()) >> (random() % 64);
    const auto back = parse_usd(format_usd(nano));
    REQUIRE(back.has_value());
    REQUIRE(*back == nano);
  }
}

TEST_CASE("multipliers") {
  CHECK(parse_multiplier("1.25").value() == 1'250'000);
  CHECK(parse_multiplier("0").value() == 0);
  CHECK(format_multiplier(1'250'000) == "1.25");
  CHECK_FALSE(parse_multiplier("-1").has_value());
  CHECK_FALSE(parse_multiplier("0.0000001").has_value());
  CHECK(combine_multipliers(1'500'000, 500'000).value() == 750'000);
  CHECK(combine_multipliers(0, 5).value() == 0);
  CHECK(combine_multipliers(500'000, 1).value() == 0);  // 0.5 ppm: to even
  CHECK(combine_multipliers(500'000, 3).value() == 2);  // 1.5 ppm: to even
  CHECK_FALSE(combine_multipliers(~0ULL, ~0ULL).has_value());
}

// Anthropic's published prices: Sonnet 3 / 15, cache read 0.30, cache write 3.75 and 6 USD per million.
TEST_CASE("golden costs") {
  CHECK(cost_of({{25, usd(3)}, {15, usd(15)}}) == 300'000);
  CHECK(cost_of({{2095, usd(3)}, {503, usd(15)}}) == 13'830'000);
  CHECK(cost_of({{10, usd(3)}, {200, usd(15)}, {18'000, usd(0.30)}, {1'500, usd(3.75)}, {400, usd(6)}}) == 16'455'000);
  CHECK(cost_of({{1'000'000, 1}}) == 1);
  CHECK(cost_of({{1, usd(3)}}, 0, 1'250'000) == 3'750);
  CHECK(cost_of({}, 10'000'000, 500'000) == 5'000'000);
  CHECK(cost_of({{1'000'000, usd(15)}}, 77, 0) == 0);
  CHECK(cost_of({}) == 0);
}

TEST_CASE("one rounding, half to even") {
  CHECK(cost_of({{1, 500'000}}) == 0);                                            // 0.5
  CHECK(cost_of({{1, 500'001}}) == 1);                                            // 0.500001
  CHECK(cost_of({{3, 500'000}}) == 2);                                            // 1.5
  CHECK(cost_of({{5, 500'000}}) == 2);                                            // 2.5
  CHECK(cost_of({{1, 250'000}, {1, 250'000}, {1, 250'000}, {1, 250'000}}) == 1);  // not four roundings
  CHECK(cost_of({{1, 1}}, 0, 1) == 0);
  CHECK(cost_of({}, 1, 500'000) == 0);
  CHECK(cost_of({}, 3, 500'000) == 2);
}

TEST_CASE("the order of lines changes nothing, more never costs less, nothing is negative") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<TokenLine> lines(1 + random() % 6);
    for (TokenLine& line : lines) {
      line = {static_cast<std::int64_t>(random() % 2'000'000), static_cast<std::int64_t>(random() % usd(75))};
    }
    const auto per_request = static_cast<std::int64_t>(random() % 1'000'000);
    const std::uint64_t ppm = random() % 3'000'000;
    const std::int64_t amount = cost_of(lines, per_request, ppm);
    REQUIRE(amount >= 0);
    std::vector<TokenLine> shuffled = lines;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    REQUIRE(cost_of(shuffled, per_request, ppm) == amount);
    shuffled[0].tokens += 1;
    REQUIRE(cost_of(shuffled, per_request, ppm) >= amount);
    // Within half a nano-USD of the exact value.
    __int128 exact = static_cast<__int128>(per_request) * 1'000'000;
    for (const TokenLine& line : lines)
      exact += static_cast<__int128>(line.tokens) * line.unit_price;
    exact *= ppm;
    const __int128 error = static_cast<__int128>(amount) * 1'000'000'000'000 - exact;
    REQUIRE((error < 0 ? -error : error) <= 500'000'000'000);
  }
}

TEST_CASE("extremes") {
  // 2^31 tokens at 100,000 USD per million times 40: still fits.
  CHECK(cost_of({{std::int64_t{1} << 31, usd(100'000)}}, 0, 40'000'000) == 8'589'934'592'000'000'000);
  CHECK(cost_of({{kMax, 1'000'000}}) == kMax);
  CHECK(cost_of({}, kMax) == kMax);
  CHECK(cost_of({{kMax, kMax}}, kMax, 0) == 0);
  const auto refused = [](std::vector<TokenLine> lines, std::int64_t per_request, std::uint64_t ppm) {
    const auto result = cost(lines, per_request, ppm);
    return result ? ErrorCode::kInternal : result.error().code;
  };
  CHECK(refused({{kMax, kMax}}, 0, kPpm) == ErrorCode::kResourceExhausted);
  CHECK(refused({{kMax, kMax}, {kMax, kMax}, {kMax, kMax}}, kMax, ~0ULL) == ErrorCode::kResourceExhausted);
  CHECK(refused({}, kMax, kPpm + 1) == ErrorCode::kResourceExhausted);
  CHECK(refused({{kMax, 1'000'000}, {1, 1'000'000}}, 0, kPpm) == ErrorCode::kResourceExhausted);
  CHECK(refused({{-1, 1}}, 0, kPpm) == ErrorCode::kInvalidArgument);
  CHECK(refused({{1, -1}}, 0, kPpm) == ErrorCode::kInvalidArgument);
  CHECK(refused({}, -1, 0) == ErrorCode::kInvalidArgument);
}

}  // namespace sluice::money
