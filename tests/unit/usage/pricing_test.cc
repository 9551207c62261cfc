#include "dataplane/usage/pricing.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/unit/usage/events.h"

namespace sluice::usage {

TEST_CASE("an event is priced line by line") {
  v1::UsageEvent event = testing::event(1);
  event.mutable_tokens()->set_input(10);
  event.mutable_tokens()->set_output(200);
  event.mutable_tokens()->set_cache_read(18'000);
  event.mutable_tokens()->set_cache_write_5m(1'500);
  event.mutable_tokens()->set_cache_write_1h(400);
  REQUIRE(price_event(event, testing::price(), 1'500'000).has_value());
  CHECK(event.cost_nano_usd() == 24'682'500);
  CHECK(event.lines_size() == 5);
  CHECK(event.price_id() == testing::price().id);
  CHECK(event.price_revision() == 3);
  CHECK(event.multiplier_ppm() == 1'500'000);
  CHECK(cost_of_lines(event).value() == event.cost_nano_usd());

  SECTION("again with other counts replaces the lines") {
    event.mutable_tokens()->Clear();
    event.mutable_tokens()->set_output(2);
    REQUIRE(price_event(event, testing::price(), 1'000'000).has_value());
    CHECK(event.lines_size() == 1);
    CHECK(event.cost_nano_usd() == 30'000);
  }
  SECTION("free is free") {
    REQUIRE(price_event(event, testing::price(), 0).has_value());
    CHECK(event.cost_nano_usd() == 0);
    CHECK(event.lines_size() == 5);
  }
}

TEST_CASE("a long context has prices of its own for the whole request") {
  snapshot::PriceEntry price = testing::price();
  price.tiers = {{200'000, {2'000'000, 3'000'000, 4'000'000, 5'000'000, 6'000'000}},
                 {500'000, {7'000'000, 8'000'000, 9'000'000, 10'000'000, 11'000'000}}};
  v1::UsageEvent event = testing::event(1);
  const auto cost = [&](std::int64_t cache_read) {
    event.mutable_tokens()->Clear();
    event.mutable_tokens()->set_input(100);
    event.mutable_tokens()->set_output(1'000);
    event.mutable_tokens()->set_cache_read(cache_read);
    event.mutable_tokens()->set_cache_write_1h(100);
    REQUIRE(price_event(event, price, 1'000'000).has_value());
    return event.cost_nano_usd();
  };
  CHECK(cost(199'800) ==
        (100 * price.input + 1'000 * price.output + 199'800 * price.cache_read + 100 * price.cache_write_1h) /
            1'000'000);
  CHECK(cost(199'801) == 100 * 2 + 1'000 * 3 + 199'801 * 4 + 100 * 6);
  CHECK(cost(600'000) == 100 * 7 + 1'000 * 8 + 600'000 * 9 + 100 * 11);
}

TEST_CASE("a price per request is a line of its own") {
  snapshot::PriceEntry price;
  price.per_request = 4'000'000;
  v1::UsageEvent event = testing::event(1);
  REQUIRE(price_event(event, price, 500'000).has_value());
  REQUIRE(event.lines_size() == 1);
  CHECK(event.lines(0).kind() == v1::LINE_KIND_PER_REQUEST);
  CHECK(event.lines(0).quantity() == 1);
  CHECK(event.cost_nano_usd() == 2'000'000);
}

TEST_CASE("what cannot be priced costs nothing and says so") {
  v1::UsageEvent event = testing::used(5);
  event.mutable_tokens()->set_output(-1);
  const auto refused = price_event(event, testing::price(), 1'000'000);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kInvalidArgument);
  CHECK(event.cost_nano_usd() == 0);
  event.mutable_tokens()->set_output(std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(price_event(event, testing::price(), 1'000'000).has_value());
  CHECK(event.cost_nano_usd() == 0);
}

}  // namespace sluice::usage
