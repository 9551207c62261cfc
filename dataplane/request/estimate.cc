#include "dataplane/request/estimate.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/money/money.h"

namespace sluice::request {

namespace {

constexpr std::int64_t kBytesPerToken = 2;       // upper bound of the input, for money
constexpr std::int64_t kUsualBytesPerToken = 4;  // for rates, which are put right at the end anyway

// Beyond int64 nothing can be paid anyway.
std::int64_t priced(std::span<const money::TokenLine> lines, std::int64_t per_request, std::uint64_t multiplier_ppm) {
  return money::cost(lines, per_request, multiplier_ppm).value_or(std::numeric_limits<std::int64_t>::max());
}

std::int64_t staged_output(const protocol::Call& call) {
  return std::min(call.max_tokens.value_or(kOutputStage), kOutputStage);
}

}  // namespace

Estimate estimate(const protocol::Call& call, std::size_t body_bytes, const snapshot::PriceEntry& price,
                  std::uint64_t multiplier_ppm) {
  const auto bytes = static_cast<std::int64_t>(body_bytes);
  const std::int64_t output = staged_output(call);
  const std::int64_t dearest = std::max({price.input, price.cache_read, price.cache_write_5m, price.cache_write_1h});
  const std::array<money::TokenLine, 2> lines{{{bytes / kBytesPerToken + 1, dearest}, {output, price.output}}};
  const std::int64_t tokens = bytes / kUsualBytesPerToken + 1 + output;
  return {priced(lines, price.per_request, multiplier_ppm),
          static_cast<std::uint32_t>(std::min<std::int64_t>(tokens, std::numeric_limits<std::uint32_t>::max()))};
}

std::int64_t cost_so_far(const protocol::Usage& usage, const snapshot::PriceEntry& price,
                         std::uint64_t multiplier_ppm) {
  const std::array<money::TokenLine, 5> lines{{
      {usage.input.value_or(0), price.input},
      {std::max(usage.output.value_or(0), usage.output_seen), price.output},
      {usage.cache_read.value_or(0), price.cache_read},
      {usage.cache_write_5m.value_or(0), price.cache_write_5m},
      {usage.cache_write_1h.value_or(0), price.cache_write_1h},
  }};
  return priced(lines, price.per_request, multiplier_ppm);
}

std::int64_t cost_of_stage(const snapshot::PriceEntry& price, std::uint64_t multiplier_ppm) {
  const std::array<money::TokenLine, 1> lines{{{kOutputStage, price.output}}};
  return priced(lines, 0, multiplier_ppm);
}

std::uint32_t total_tokens(const protocol::Usage& usage) {
  const std::int64_t sum = usage.input.value_or(0) + std::max(usage.output.value_or(0), usage.output_seen) +
                           usage.cache_read.value_or(0) + usage.cache_write_5m.value_or(0) +
                           usage.cache_write_1h.value_or(0);
  return static_cast<std::uint32_t>(std::min<std::int64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace sluice::request
