#include "controlplane/billing/price_map.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "common/resource/limits.h"

namespace sluice::billing {

namespace {

// USD per token to nano-USD per million tokens.
constexpr int kShift = 15;

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{} {}", text, why));
}

// "-12.50e-3": the digits without point, and how many places they are to be shifted left.
struct Decimal {
  std::string digits;
  long long shift = 0;
};

std::optional<Decimal> split_number(std::string_view text) {
  Decimal out;
  const std::size_t e = text.find_first_of("eE");
  std::string_view mantissa = text.substr(0, e);
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    const auto [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.shift);
    if (error != std::errc{} || end != exponent.data() + exponent.size()) return std::nullopt;
  }
  const std::size_t point = mantissa.find('.');
  if (point != std::string_view::npos) out.shift -= static_cast<long long>(mantissa.size() - point - 1);
  for (const char c : mantissa) {
    if (c == '.') continue;
    if (c < '0' || c > '9') return std::nullopt;
    out.digits += c;
  }
  if (out.digits.empty() || std::ranges::count(mantissa, '.') > 1) return std::nullopt;
  return out;
}

using Fields = std::map<std::string, std::string, std::less<>>;

// Numbers as they are written; texts without their quotes; everything else is left out.
Fields fields_of(simdjson::ondemand::object object) {
  Fields fields;
  for (auto field : object) {
    std::string_view key;
    simdjson::ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS) continue;
    const std::string name(key);
    simdjson::ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) continue;
    if (type == simdjson::ondemand::json_type::number) {
      std::string_view raw = value.raw_json_token();
      while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n' || raw.back() == '\r' || raw.back() == '\t'))
        raw.remove_suffix(1);
      fields[name] = raw;
    } else if (type == simdjson::ondemand::json_type::string) {
      std::string_view text;
      if (value.get_string().get(text) == simdjson::SUCCESS) fields[name] = text;
    }
  }
  return fields;
}

// Sets `into` if there is such a field; false if it cannot be taken.
Result<bool> read_amount(const Fields& fields, const std::string& name, std::int64_t& into) {
  const auto found = fields.find(name);
  if (found == fields.end()) return false;
  const auto parsed = parse_usd_per_token(found->second);
  if (!parsed) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, parsed.error().message));
  into = *parsed;
  return true;
}

// The rates with a suffix such as "_above_200k_tokens"; what the map does not give is as in `base`.
Result<store::TokenRates> read_rates(const Fields& fields, const std::string& suffix, const store::TokenRates* base) {
  store::TokenRates rates = base == nullptr ? store::TokenRates{} : *base;
  const auto input = read_amount(fields, "input_cost_per_token" + suffix, rates.input);
  if (!input) return std::unexpected(input.error());
  const auto output = read_amount(fields, "output_cost_per_token" + suffix, rates.output);
  if (!output) return std::unexpected(output.error());
  if (base == nullptr && (!*input || !*output)) {
    return fail(ErrorCode::kInvalidArgument, "it has no price per token of input and output");
  }
  if (base == nullptr) rates.cache_read = rates.cache_write_5m = rates.input;
  const auto read = read_amount(fields, "cache_read_input_token_cost" + suffix, rates.cache_read);
  if (!read) return std::unexpected(read.error());
  const auto write = read_amount(fields, "cache_creation_input_token_cost" + suffix, rates.cache_write_5m);
  if (!write) return std::unexpected(write.error());
  if (base == nullptr) rates.cache_write_1h = rates.cache_write_5m;
  // In a tier the hour is dearer as the five minutes are.
  if (base != nullptr && *write && base->cache_write_5m > 0) {
    const __int128 scaled = static_cast<__int128>(base->cache_write_1h) * rates.cache_write_5m / base->cache_write_5m;
    rates.cache_write_1h = static_cast<std::int64_t>(std::min<__int128>(scaled, resource::kMaxPrice));
  }
  const auto hour = read_amount(fields, "cache_creation_input_token_cost_above_1hr" + suffix, rates.cache_write_1h);
  if (!hour) return std::unexpected(hour.error());
  return rates;
}

// "input_cost_per_token_above_200k_tokens" names a tier above 200,000 tokens.
std::vector<std::pair<std::int64_t, std::string>> tiers_in(const Fields& fields) {
  std::map<std::int64_t, std::string> tiers;
  for (const auto& [name, value] : fields) {
    for (const std::string_view prefix : {"input_cost_per_token_above_", "output_cost_per_token_above_"}) {
      constexpr std::string_view kEnd = "k_tokens";
      if (!name.starts_with(prefix) || !name.ends_with(kEnd)) continue;
      const std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - kEnd.size());
      std::int64_t thousands = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), thousands);
      if (error == std::errc{} && end == digits.data() + digits.size() && thousands > 0 && thousands < 1'000'000'000) {
        tiers[thousands * 1000] = "_above_" + digits + "k_tokens";
      }
    }
  }
  return {tiers.begin(), tiers.end()};
}

Result<store::PurchasePrice> read_price(const Fields& fields) {
  const auto rates = read_rates(fields, "", nullptr);
  if (!rates) return std::unexpected(rates.error());
  store::PurchasePrice price{.rates = *rates};
  std::int64_t per_request_millions = 0;
  const auto per_request = read_amount(fields, "input_cost_per_request", per_request_millions);
  if (!per_request) return std::unexpected(per_request.error());
  if (per_request_millions % 1'000'000 != 0) return refuse("input_cost_per_request", "is finer than a nano-USD");
  price.per_request = per_request_millions / 1'000'000;
  const store::TokenRates* below = &*rates;
  const auto tiers = tiers_in(fields);
  price.tiers.reserve(tiers.size());
  for (const auto& [above, suffix] : tiers) {
    const auto of_tier = read_rates(fields, suffix, below);
    if (!of_tier) return std::unexpected(of_tier.error());
    below = &price.tiers.emplace_back(store::PriceTier{above, *of_tier}).rates;
  }
  return price;
}

void take(const std::string& name, const Fields& fields, std::map<std::string, MappedPrice>& prices, PriceMap& out) {
  const std::string& provider = fields.find("litellm_provider")->second;
  const std::string prefix = provider + "/";
  const bool prefixed = name.starts_with(prefix);
  std::string model = prefixed ? name.substr(prefix.size()) : name;
  auto price = read_price(fields);
  if (!price) {
    out.skipped.push_back({name, price.error().message});
    return;
  }
  const auto known = prices.find(model);
  if (known != prices.end() && prefixed) {
    if (known->second.price != *price) out.skipped.push_back({name, "the map has another price for " + model});
    return;
  }
  prices[model] = {.model = model, .provider = provider, .price = std::move(*price)};
}

}  // namespace

Result<std::int64_t> parse_usd_per_token(std::string_view text) {
  if (text.starts_with('-')) return refuse(text, "is below 0");
  std::optional<Decimal> number = split_number(text);
  if (!number) return refuse(text, "is no number");
  number->digits.erase(0, std::min(number->digits.find_first_not_of('0'), number->digits.size()));
  if (number->digits.empty()) return 0;
  long long shift = number->shift + kShift;
  while (shift < 0 && !number->digits.empty() && number->digits.back() == '0') {
    number->digits.pop_back();
    ++shift;
  }
  if (shift < 0) return refuse(text, "USD per token is finer than a nano-USD per million tokens");
  if (shift > 18) return refuse(text, "USD per token is beyond belief");
  number->digits.append(static_cast<std::size_t>(shift), '0');
  std::int64_t out = 0;
  const char* end = number->digits.data() + number->digits.size();
  if (std::from_chars(number->digits.data(), end, out).ec != std::errc{} || out > resource::kMaxPrice) {
    return refuse(text, "USD per token is beyond belief");
  }
  return out;
}

Result<PriceMap> read_price_map(std::string_view text, const std::vector<std::string>& providers) {
  constexpr std::string_view kNoObject = "the price map is no JSON object of objects";
  const simdjson::padded_string padded(text);
  // All of it first: the other parser looks only at what it is asked for.
  simdjson::dom::parser whole;
  if (whole.parse(padded).error() != simdjson::SUCCESS)
    return fail(ErrorCode::kInvalidArgument, std::string(kNoObject));
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS) {
    return fail(ErrorCode::kInvalidArgument, std::string(kNoObject));
  }
  std::map<std::string, Fields> entries;
  for (auto field : root) {
    std::string_view key;
    simdjson::ondemand::object entry;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS)
      return fail(ErrorCode::kInvalidArgument, std::string(kNoObject));
    const std::string name(key);
    if (field.value().get_object().get(entry) != simdjson::SUCCESS)
      return fail(ErrorCode::kInvalidArgument, std::string(kNoObject));
    entries[name] = fields_of(entry);
  }
  PriceMap out;
  std::map<std::string, MappedPrice> prices;
  // Names as they are first, so that they win over those with a prefix.
  for (const bool prefixed : {false, true}) {
    for (const auto& [name, fields] : entries) {
      const auto provider = fields.find("litellm_provider");
      if (provider == fields.end() || std::ranges::find(providers, provider->second) == providers.end()) {
        if (!prefixed) ++out.others;
        continue;
      }
      if (name.starts_with(provider->second + "/") == prefixed) take(name, fields, prices, out);
    }
  }
  for (auto& [model, price] : prices)
    out.prices.push_back(std::move(price));
  std::ranges::sort(out.skipped, {}, &SkippedPrice::model);
  return out;
}

}  // namespace sluice::billing
