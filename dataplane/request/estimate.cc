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

// The dearest of what may hold for a context of up to so many tokens.
snapshot::TokenRates dearest_rates(const snapshot::PriceEntry& price, std::int64_t most_context_tokens) {
  snapshot::TokenRates dearest = price.rates(0);
  for (const snapshot::PriceTier& tier : price.tiers) {
    if (tier.above_tokens >= most_context_tokens) break;
    dearest.input = std::max(dearest.input, tier.rates.input);
    dearest.output = std::max(dearest.output, tier.rates.output);
    dearest.cache_read = std::max(dearest.cache_read, tier.rates.cache_read);
    dearest.cache_write_5m = std::max(dearest.cache_write_5m, tier.rates.cache_write_5m);
    dearest.cache_write_1h = std::max(dearest.cache_write_1h, tier.rates.cache_write_1h);
  }
  return dearest;
}

}  // namespace

Estimate estimate(const protocol::Call& call, std::size_t body_bytes, const snapshot::PriceEntry& price,
                  std::uint64_t multiplier_ppm) {
  const auto bytes = static_cast<std::int64_t>(body_bytes);
  const std::int64_t output = staged_output(call);
  const std::int64_t most_input = bytes / kBytesPerToken + 1;
  const snapshot::TokenRates rates = dearest_rates(price, most_input);
  const std::int64_t dearest = std::max({rates.input, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h});
  const std::array<money::TokenLine, 2> lines{{{most_input, dearest}, {output, rates.output}}};
  const std::int64_t tokens = bytes / kUsualBytesPerToken + 1 + output;
  return {priced(lines, price.per_request, multiplier_ppm),
          static_cast<std::uint32_t>(std::min<std::int64_t>(tokens, std::numeric_limits<std::uint32_t>::max()))};
}

std::int64_t cost_so_far(const protocol::Usage& usage, const snapshot::PriceEntry& price,
                         std::uint64_t multiplier_ppm) {
  const snapshot::TokenRates rates = price.rates(usage.input.value_or(0) + usage.cache_read.value_or(0) +
                                                 usage.cache_write_5m.value_or(0) + usage.cache_write_1h.value_or(0));
  const std::array<money::TokenLine, 5> lines{{
      {usage.input.value_or(0), rates.input},
      {std::max(usage.output.value_or(0), usage.output_seen), rates.output},
      {usage.cache_read.value_or(0), rates.cache_read},
      {usage.cache_write_5m.value_or(0), rates.cache_write_5m},
      {usage.cache_write_1h.value_or(0), rates.cache_write_1h},
  }};
  return priced(lines, price.per_request, multiplier_ppm);
}

std::int64_t cost_of_stage(const snapshot::PriceEntry& price, std::uint64_t multiplier_ppm) {
  const std::array<money::TokenLine, 1> lines{
      {{kOutputStage, dearest_rates(price, std::numeric_limits<std::int64_t>::max()).output}}};
  return priced(lines, 0, multiplier_ppm);
}

std::uint32_t total_tokens(const protocol::Usage& usage) {
  const std::int64_t sum = usage.input.value_or(0) + std::max(usage.output.value_or(0), usage.output_seen) +
                           usage.cache_read.value_or(0) + usage.cache_write_5m.value_or(0) +
                           usage.cache_write_1h.value_or(0);
  return static_cast<std::uint32_t>(std::min<std::int64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace sluice::request
