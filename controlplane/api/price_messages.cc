#include "controlplane/api/price_messages.h"

#include "common/money/money.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<> parse_amount(std::string_view field, const std::string& text, std::int64_t& into) {
  if (Result<> given = require(field, text); !given) return given;
  const auto parsed = parse_usd_field(field, text, 0);
  if (!parsed) return std::unexpected(parsed.error());
  into = *parsed;
  return {};
}

// Price, PriceTier and PurchasePrice name them alike.
template <class Message>
Result<> parse_rates(const std::string& prefix, const Message& from, store::TokenRates& into) {
  if (Result<> r = parse_amount(prefix + "input", from.input(), into.input); !r) return r;
  if (Result<> r = parse_amount(prefix + "output", from.output(), into.output); !r) return r;
  if (Result<> r = parse_amount(prefix + "cache_read", from.cache_read(), into.cache_read); !r) return r;
  if (Result<> r = parse_amount(prefix + "cache_write_5m", from.cache_write_5m(), into.cache_write_5m); !r) return r;
  return parse_amount(prefix + "cache_write_1h", from.cache_write_1h(), into.cache_write_1h);
}

template <class Message>
void set_rates(const store::TokenRates& rates, Message& into) {
  into.set_input(money::format_usd(rates.input));
  into.set_output(money::format_usd(rates.output));
  into.set_cache_read(money::format_usd(rates.cache_read));
  into.set_cache_write_5m(money::format_usd(rates.cache_write_5m));
  into.set_cache_write_1h(money::format_usd(rates.cache_write_1h));
}

using Tiers = google::protobuf::RepeatedPtrField<v1::PriceTier>;

Result<> parse_tiers(const std::string& prefix, const Tiers& from, std::vector<store::PriceTier>& into) {
  into.clear();
  for (const v1::PriceTier& tier : from) {
    store::PriceTier& row = into.emplace_back();
    row.above_tokens = tier.above_tokens();
    if (Result<> r = parse_rates(prefix + "tiers.", tier, row.rates); !r) return r;
  }
  return {};
}

void set_tiers(const std::vector<store::PriceTier>& tiers, Tiers& into) {
  for (const store::PriceTier& tier : tiers) {
    v1::PriceTier& one = *into.Add();
    one.set_above_tokens(tier.above_tokens);
    set_rates(tier.rates, one);
  }
}

config::v1::Price pushed_price(const store::Price& row, const store::TokenRates& rates, std::int64_t per_request,
                               const std::vector<store::PriceTier>& tiers) {
  config::v1::Price pushed;
  pushed.set_model(row.model);
  pushed.set_display_name(row.display_name);
  pushed.set_provider(row.provider);
  set_time(pushed.mutable_effective_at(), row.effective_at);
  const auto set = [](const store::TokenRates& from, auto& into) {
    into.set_input(from.input);
    into.set_output(from.output);
    into.set_cache_read(from.cache_read);
    into.set_cache_write_5m(from.cache_write_5m);
    into.set_cache_write_1h(from.cache_write_1h);
  };
  set(rates, pushed);
  pushed.set_per_request(per_request);
  for (const store::PriceTier& tier : tiers) {
    config::v1::PriceTier& one = *pushed.add_tiers();
    one.set_above_tokens(tier.above_tokens);
    set(tier.rates, one);
  }
  return pushed;
}

}  // namespace

void to_message(const store::Price& row, v1::Price& into) {
  into.set_id(row.id);
  into.set_model(row.model);
  into.set_display_name(row.display_name);
  into.set_provider(row.provider);
  set_time(into.mutable_effective_at(), row.effective_at);
  set_rates({row.input, row.output, row.cache_read, row.cache_write_5m, row.cache_write_1h}, into);
  into.set_per_request(money::format_usd(row.per_request));
  set_tiers(row.tiers, *into.mutable_tiers());
  if (row.purchase) {
    v1::PurchasePrice& purchase = *into.mutable_purchase();
    set_rates(row.purchase->rates, purchase);
    purchase.set_per_request(money::format_usd(row.purchase->per_request));
    set_tiers(row.purchase->tiers, *purchase.mutable_tiers());
  }
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> from_message(const v1::Price& price, SystemTime now, store::Price& into) {
  into.model = price.model();
  into.display_name = price.display_name();
  into.provider = price.provider();
  into.effective_at = price.has_effective_at() ? to_time(price.effective_at()) : now;
  store::TokenRates rates;
  if (Result<> r = parse_rates("", price, rates); !r) return r;
  into.input = rates.input;
  into.output = rates.output;
  into.cache_read = rates.cache_read;
  into.cache_write_5m = rates.cache_write_5m;
  into.cache_write_1h = rates.cache_write_1h;
  if (Result<> r = parse_amount("per_request", price.per_request(), into.per_request); !r) return r;
  if (Result<> r = parse_tiers("", price.tiers(), into.tiers); !r) return r;
  into.purchase.reset();
  if (price.has_purchase()) {
    store::PurchasePrice& purchase = into.purchase.emplace();
    if (Result<> r = parse_rates("purchase.", price.purchase(), purchase.rates); !r) return r;
    if (Result<> r = parse_amount("purchase.per_request", price.purchase().per_request(), purchase.per_request); !r) {
      return r;
    }
    if (Result<> r = parse_tiers("purchase.", price.purchase().tiers(), purchase.tiers); !r) return r;
  }
  return check_price(into);
}

Result<> check_price(const store::Price& row) {
  const store::TokenRates sale{row.input, row.output, row.cache_read, row.cache_write_5m, row.cache_write_1h};
  if (Result<> r = resource::check(pushed_price(row, sale, row.per_request, row.tiers)); !r) return r;
  if (!row.purchase) return {};
  // The same bounds.
  const store::PurchasePrice& purchase = *row.purchase;
  return resource::check(pushed_price(row, purchase.rates, purchase.per_request, purchase.tiers));
}

}  // namespace sluice::api
