#include "dataplane/usage/pricing.h"

#include <vector>

#include "common/money/money.h"

namespace sluice::usage {

namespace {

void add_line(v1::UsageEvent& event, v1::LineKind kind, std::int64_t quantity, std::int64_t unit_price) {
  if (quantity == 0) return;
  v1::PriceLine& line = *event.add_lines();
  line.set_kind(kind);
  line.set_quantity(quantity);
  line.set_unit_price(unit_price);
}

}  // namespace

Result<> price_event(v1::UsageEvent& event, const snapshot::PriceEntry& price, std::uint64_t multiplier_ppm) {
  event.set_price_id(price.id);
  event.set_price_revision(price.revision);
  event.set_multiplier_ppm(multiplier_ppm);
  event.set_cost_nano_usd(0);
  event.clear_lines();
  const v1::TokenCounts& tokens = event.tokens();
  const snapshot::TokenRates rates =
      price.rates(tokens.input() + tokens.cache_read() + tokens.cache_write_5m() + tokens.cache_write_1h());
  add_line(event, v1::LINE_KIND_INPUT, tokens.input(), rates.input);
  add_line(event, v1::LINE_KIND_OUTPUT, tokens.output(), rates.output);
  add_line(event, v1::LINE_KIND_CACHE_READ, tokens.cache_read(), rates.cache_read);
  add_line(event, v1::LINE_KIND_CACHE_WRITE_5M, tokens.cache_write_5m(), rates.cache_write_5m);
  add_line(event, v1::LINE_KIND_CACHE_WRITE_1H, tokens.cache_write_1h(), rates.cache_write_1h);
  if (price.per_request != 0) add_line(event, v1::LINE_KIND_PER_REQUEST, 1, price.per_request);
  const Result<std::int64_t> cost = cost_of_lines(event);
  if (!cost) return std::unexpected(cost.error());
  event.set_cost_nano_usd(*cost);
  return {};
}

Result<std::int64_t> cost_of_lines(const v1::UsageEvent& event) {
  std::vector<money::TokenLine> token_lines;
  token_lines.reserve(static_cast<std::size_t>(event.lines_size()));
  std::int64_t per_request = 0;
  for (const v1::PriceLine& line : event.lines()) {
    if (line.kind() != v1::LINE_KIND_PER_REQUEST) {
      token_lines.push_back({line.quantity(), line.unit_price()});
      continue;
    }
    std::int64_t amount = 0;
    if (line.quantity() < 0 || __builtin_mul_overflow(line.quantity(), line.unit_price(), &amount) ||
        __builtin_add_overflow(per_request, amount, &per_request)) {
      return fail(ErrorCode::kInvalidArgument, "price per request is out of range");
    }
  }
  return money::cost(token_lines, per_request, event.multiplier_ppm());
}

}  // namespace sluice::usage
