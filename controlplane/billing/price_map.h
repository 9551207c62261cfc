// Reads price maps as LiteLLM publishes them: an object from model names to USD per token and more. Amounts are taken
// over exactly, never through floating point. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "controlplane/store/price_rates.h"

namespace sluice::billing {

struct MappedPrice {
  std::string model = {};     // without the prefix "<provider>/"
  std::string provider = {};  // as the map names it
  store::PurchasePrice price = {};
};

struct SkippedPrice {
  std::string model = {};
  std::string reason = {};
};

struct PriceMap {
  std::vector<MappedPrice> prices = {};    // by model
  std::vector<SkippedPrice> skipped = {};  // by model: of the wanted providers, but of no use
  int others = 0;                          // entries of other providers
};

// Of the providers named; what has neither price of input nor of output, or is not priced by tokens alone, is skipped
// with the reason. A cache price that the map does not give is that of input, one for an hour that of five minutes; in
// a tier an hour's is dearer as the five minutes' is. kInvalidArgument if the text is no JSON object.
[[nodiscard]] Result<PriceMap> read_price_map(std::string_view json, const std::vector<std::string>& providers);

// USD per token as JSON writes numbers ("3e-06") to nano-USD per million tokens. kInvalidArgument for what is below 0,
// finer than that, or above the dearest price.
[[nodiscard]] Result<std::int64_t> parse_usd_per_token(std::string_view text);

}  // namespace sluice::billing
