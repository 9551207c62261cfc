// Prices by the length of the context, and what the vendor asks: the JSON columns of prices. Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::store {

// nano-USD per million tokens, >= 0.
struct TokenRates {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  bool operator==(const TokenRates&) const = default;
};

// Holds for the whole of a request whose input, with cache reads and writes, is above so many tokens.
struct PriceTier {
  std::int64_t above_tokens = 0;
  TokenRates rates = {};
  bool operator==(const PriceTier&) const = default;
};

// What the vendor asks.
struct PurchasePrice {
  TokenRates rates = {};
  std::int64_t per_request = 0;  // nano-USD
  std::vector<PriceTier> tiers = {};
  bool operator==(const PurchasePrice&) const = default;
};

// Out of the database and back. Text that is none of ours means a schema that disagrees with the code: it aborts.
[[nodiscard]] std::vector<PriceTier> tiers_of(std::string_view json);
[[nodiscard]] std::string tiers_json(const std::vector<PriceTier>& tiers);
[[nodiscard]] std::optional<PurchasePrice> purchase_of(const std::optional<std::string>& json);
[[nodiscard]] std::optional<std::string> purchase_json(const std::optional<PurchasePrice>& purchase);

}  // namespace sluice::store
