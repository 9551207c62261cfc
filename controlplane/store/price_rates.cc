#include "controlplane/store/price_rates.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

namespace sluice::store {

namespace {

namespace json = boost::json;

TokenRates rates_of(const json::object& from) {
  const auto number = [&](std::string_view name) { return from.at(name).to_number<std::int64_t>(); };
  return {number("input"), number("output"), number("cache_read"), number("cache_write_5m"), number("cache_write_1h")};
}

json::object rates_object(const TokenRates& rates) {
  return {{"input", rates.input},
          {"output", rates.output},
          {"cache_read", rates.cache_read},
          {"cache_write_5m", rates.cache_write_5m},
          {"cache_write_1h", rates.cache_write_1h}};
}

std::vector<PriceTier> tiers_of(const json::array& from) {
  std::vector<PriceTier> tiers;
  for (const json::value& one : from)
    tiers.push_back({one.at("above_tokens").to_number<std::int64_t>(), rates_of(one.as_object())});
  return tiers;
}

json::array tiers_array(const std::vector<PriceTier>& tiers) {
  json::array out;
  for (const PriceTier& tier : tiers) {
    json::object one = rates_object(tier.rates);
    one["above_tokens"] = tier.above_tokens;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::vector<PriceTier> tiers_of(std::string_view text) {
  return tiers_of(json::parse(text).as_array());
}

std::string tiers_json(const std::vector<PriceTier>& tiers) {
  return json::serialize(tiers_array(tiers));
}

std::optional<PurchasePrice> purchase_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const json::value value = json::parse(*text);
  const json::object& object = value.as_object();
  return PurchasePrice{.rates = rates_of(object),
                       .per_request = object.at("per_request").to_number<std::int64_t>(),
                       .tiers = tiers_of(object.at("tiers").as_array())};
}

std::optional<std::string> purchase_json(const std::optional<PurchasePrice>& purchase) {
  if (!purchase) return std::nullopt;
  json::object out = rates_object(purchase->rates);
  out["per_request"] = purchase->per_request;
  out["tiers"] = tiers_array(purchase->tiers);
  return json::serialize(out);
}

}  // namespace sluice::store
