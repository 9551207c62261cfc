#include "controlplane/billing/price_import.h"

#include "controlplane/billing/price_map.h"
#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

using namespace testing;

namespace {

constexpr const char* kMap = R"({
  "sample_spec": {"input_cost_per_token": 0, "litellm_provider": "one of https://docs"},
  "claude-x": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 3e-06,
    "output_cost_per_token": 1.5E-5, "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
    "cache_creation_input_token_cost_above_1hr": 6e-06,
    "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
    "cache_read_input_token_cost_above_200k_tokens": 6e-07,
    "cache_creation_input_token_cost_above_200k_tokens": 7.5e-06,
    "supports_vision": true, "nested": {"input_cost_per_token": 9}},
  "anthropic/claude-x": {"litellm_provider": "anthropic", "input_cost_per_token": 4e-06, "output_cost_per_token": 1e-5},
  "gemini/gemini-y": {"litellm_provider": "gemini", "input_cost_per_token": "0.0000000025",
    "output_cost_per_token": 1e-8},
  "gpt-same": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
  "dall": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_pixel": 1e-08},
  "fine": {"litellm_provider": "openai", "input_cost_per_token": 1e-16, "output_cost_per_token": 2e-06},
  "bedrock/z": {"litellm_provider": "bedrock", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
})";

PriceImport import_of(SystemTime at, std::int64_t markup_ppm = 1'000'000) {
  return {
      .map_json = kMap, .providers = {"anthropic", "openai", "gemini"}, .markup_ppm = markup_ppm, .effective_at = at};
}

PriceDiff diff(Books& books, const PriceImport& import) {
  return value_of(in_tx(books, [&](db::Transaction& tx) { return diff_prices(tx, import); }));
}

std::vector<std::string> models_of(const PriceDiff& diff) {
  std::vector<std::string> models;
  for (const PriceChange& change : diff.changes)
    models.push_back(change.after.model);
  return models;
}

}  // namespace

TEST_CASE("amounts of a price map are taken over exactly") {
  const auto exact = [](std::string_view text) { return value_of(parse_usd_per_token(text)); };
  CHECK(exact("3e-06") == 3'000'000'000);
  CHECK(exact("0.000003") == 3'000'000'000);
  CHECK(exact("2.5e-9") == 2'500'000);
  CHECK(exact("0.0000000025") == 2'500'000);
  CHECK(exact("1E-15") == 1);
  CHECK(exact("0") == 0);
  CHECK(exact("0.0e5") == 0);
  CHECK(exact("1.00e+0") == 1'000'000'000'000'000);
  for (const char* wrong : {"-1e-6", "1e-16", "1.5e-15", "1e3", "1e99999", "1e-99999999999999999999", "", "e5", "1.2.3",
                            "0x10", "NaN", "1e", "3 "}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_usd_per_token(wrong).has_value());
  }
}

TEST_CASE("an import's difference is exact and changes nothing until it is applied") {
  Books books;
  const SystemTime at = now();
  const PriceDiff first = diff(books, import_of(at));
  CHECK(models_of(first) == std::vector<std::string>{"claude-x", "gemini-y", "gpt-same"});
  CHECK(first.others == 2);
  REQUIRE(first.skipped.size() == 3);
  CHECK(first.skipped[0].model == "anthropic/claude-x");
  CHECK(first.skipped[1].model == "dall");
  CHECK(first.skipped[2].model == "fine");
  const store::Price& claude = first.changes[0].after;
  CHECK(claude.input == 3'000'000'000);
  CHECK(claude.output == 15'000'000'000);
  CHECK(claude.cache_read == 300'000'000);
  CHECK(claude.cache_write_5m == 3'750'000'000);
  CHECK(claude.cache_write_1h == 6'000'000'000);
  const store::TokenRates above{6'000'000'000, 22'500'000'000, 600'000'000, 7'500'000'000, 12'000'000'000};
  CHECK(claude.tiers == std::vector<store::PriceTier>{{200'000, above}});
  REQUIRE(claude.purchase.has_value());
  CHECK(claude.purchase->tiers == claude.tiers);
  CHECK(first.changes[1].after.cache_read == first.changes[1].after.input);
  CHECK(books.number("SELECT count(*) AS n FROM prices") == 0);

  value_of(in_tx(books, [&](db::Transaction& tx) -> Result<> {
    auto again = diff_prices(tx, import_of(at));
    if (!again) return std::unexpected(again.error());
    CHECK(again->digest == first.digest);
    return apply_prices(tx, *again, at);
  }));
  CHECK(books.number("SELECT count(*) AS n FROM prices") == 3);
  const PriceDiff nothing = diff(books, import_of(at));
  CHECK(nothing.changes.empty());
  CHECK(nothing.unchanged == 3);
  CHECK(nothing.digest != first.digest);
}

TEST_CASE("a later import adds prices from then on and says what was before") {
  Books books;
  const SystemTime at = now();
  const auto apply = [&](const PriceImport& import) {
    value_of(in_tx(books, [&](db::Transaction& tx) -> Result<> {
      auto changes = diff_prices(tx, import);
      if (!changes) return std::unexpected(changes.error());
      return apply_prices(tx, *changes, at);
    }));
  };
  apply(import_of(at));
  PriceImport dearer = import_of(at + std::chrono::hours(1), 1'500'000);
  dearer.models = {"claude-x"};
  const PriceDiff changes = diff(books, dearer);
  REQUIRE(changes.changes.size() == 1);
  REQUIRE(changes.changes[0].before.has_value());
  CHECK(changes.changes[0].before->input == 3'000'000'000);
  CHECK(changes.changes[0].after.input == 4'500'000'000);
  CHECK(changes.changes[0].after.tiers[0].rates.output == 33'750'000'000);
  CHECK(changes.changes[0].after.purchase->rates.input == 3'000'000'000);
  apply(dearer);
  const auto price = [&](SystemTime when) {
    return value_of(in_tx(books, [&](db::Transaction& tx) { return store::effective_price(tx, "claude-x", when); }));
  };
  CHECK(price(at + std::chrono::minutes(59)).input == 3'000'000'000);
  CHECK(price(at + std::chrono::hours(1)).input == 4'500'000'000);
  dearer.markup_ppm = 2'000'000;
  apply(dearer);  // at the very same time: the price itself
  CHECK(price(at + std::chrono::hours(1)).input == 6'000'000'000);
  CHECK(books.number("SELECT count(*) AS n FROM prices WHERE model = 'claude-x'") == 2);
}

TEST_CASE("what is no price map is refused") {
  for (const char* wrong :
       {"", "[]", "3", "{", R"({"a": 1})", R"({"a": {}} x)", R"({"a": {"litellm_provider": "openai",)"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_price_map(wrong, {"openai"}).has_value());
  }
}

TEST_CASE("what a request costs to buy is kept beside what it is sold for") {
  Books books;
  value_of(in_tx(books, [&](db::Transaction& tx) -> Result<> {
    auto changes = diff_prices(tx, import_of(now(), 2'000'000));
    if (!changes) return std::unexpected(changes.error());
    return apply_prices(tx, *changes, now());
  }));
  const auto price =
      value_of(in_tx(books, [&](db::Transaction& tx) { return store::effective_price(tx, "claude-x", now()); }));
  const std::string user = books.add_user();
  const auto buy = [&](std::int64_t cache_read, std::int64_t output) {
    auto event = event_for(user, output);
    event.mutable_tokens()->set_cache_read(cache_read);
    event.set_price_id(price.id);
    value_of(books.ingest().store("node", batch_of({event})));
    return books.number("SELECT purchase_nano_usd AS n FROM usage_events WHERE event_id = '" + event.event_id() + "'");
  };
  CHECK(buy(200'000, 10) == 200'000 * 300 + 10 * 15'000);
  CHECK(buy(200'001, 10) == 200'001 * 600 + 10 * 22'500);
  value_of(books.ingest().store("node", batch_of({event_for(user, 1)})));
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE purchase_nano_usd IS NULL") == 1);
}

}  // namespace sluice::billing
