#include "dataplane/request/estimate.h"

#include <catch2/catch.hpp>
#include <limits>

#include "dataplane/request/failure.h"
#include "dataplane/request/retry_budget.h"

using namespace sluice::request;

namespace {

// 3 USD per million tokens in, 15 out, dearer cache writes.
sluice::snapshot::PriceEntry price() {
  sluice::snapshot::PriceEntry entry;
  entry.input = 3'000'000'000;
  entry.output = 15'000'000'000;
  entry.cache_read = 300'000'000;
  entry.cache_write_5m = 3'750'000'000;
  entry.cache_write_1h = 6'000'000'000;
  return entry;
}

sluice::protocol::Call call(std::optional<std::int64_t> max_tokens) {
  sluice::protocol::Call call;
  call.max_tokens = max_tokens;
  return call;
}

}  // namespace

TEST_CASE("the hold covers the dearest input and no more than one stage of output") {
  const Estimate small = estimate(call(100), 2'000, price(), 1'000'000);
  CHECK(small.hold_nano == 1001 * 6'000 + 100 * 15'000);
  const Estimate large = estimate(call(64'000), 2'000, price(), 1'000'000);
  CHECK(large.hold_nano == 1001 * 6'000 + kOutputStage * 15'000);
  CHECK(estimate(call({}), 2'000, price(), 1'000'000).hold_nano == large.hold_nano);
}

TEST_CASE("the hold covers the tier that may apply") {
  sluice::snapshot::PriceEntry tiered = price();
  tiered.tiers = {{1'000, {6'000'000'000, 30'000'000'000, 600'000'000, 7'500'000'000, 12'000'000'000}}};
  CHECK(estimate(call(100), 1'998, tiered, 1'000'000).hold_nano == 1'000 * 6'000 + 100 * 15'000);
  CHECK(estimate(call(100), 2'000, tiered, 1'000'000).hold_nano == 1'001 * 12'000 + 100 * 30'000);
  CHECK(cost_of_stage(tiered, 1'000'000) == kOutputStage * 30'000);
}

TEST_CASE("what is free holds nothing") {
  CHECK(estimate(call(100), 2'000, price(), 0).hold_nano == 0);
  CHECK(estimate(call(100), 2'000, {}, 1'000'000).hold_nano == 0);
}

TEST_CASE("a price beyond all money holds all of it instead of wrapping round") {
  sluice::snapshot::PriceEntry entry;
  entry.output = std::numeric_limits<std::int64_t>::max();
  CHECK(estimate(call({}), 2'000, entry, 1'000'000'000).hold_nano == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("output that passed counts until the upstream has reported more") {
  sluice::protocol::Usage usage;
  usage.input = 10;
  usage.output = 1;
  usage.output_seen = 40;
  CHECK(cost_so_far(usage, price(), 1'000'000) == 10 * 3'000 + 40 * 15'000);
  CHECK(total_tokens(usage) == 50);
  usage.output = 60;
  CHECK(cost_so_far(usage, price(), 1'000'000) == 10 * 3'000 + 60 * 15'000);
}

TEST_CASE("only failures of the account or the moment are tried elsewhere") {
  for (unsigned status : {401U, 402U, 403U, 408U, 429U, 500U, 502U, 503U, 504U, 529U})
    CHECK(may_differ_elsewhere(status));
  for (unsigned status : {400U, 404U, 409U, 413U, 422U})
    CHECK_FALSE(may_differ_elsewhere(status));
}

TEST_CASE("retries stay a fifth of the traffic once the first ones are used up") {
  RetryBudget budget;
  int first = 0;
  while (budget.take())
    ++first;
  CHECK(first == 20);
  int later = 0;
  for (int i = 0; i < 1'000; ++i) {
    budget.earn();
    if (budget.take()) ++later;
  }
  CHECK(later == 200);
}
