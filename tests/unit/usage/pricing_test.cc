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
