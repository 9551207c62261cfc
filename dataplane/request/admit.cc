#include "dataplane/request/admit.h"

#include <fmt/format.h>

#include "dataplane/provider/registry.h"

namespace sluice::request {

namespace {

std::unexpected<protocol::ApiError> refuse(unsigned status, std::string message,
                                           std::optional<unsigned> retry_after = std::nullopt) {
  return std::unexpected(
      protocol::ApiError{.status = status, .message = std::move(message), .retry_after = retry_after});
}

// A model without a price is refused: a guess would be charged.
Step find_price(Exchange& exchange) {
  exchange.price = exchange.snapshot->price(exchange.call.model, exchange.arrived);
  if (exchange.price == nullptr) return refuse(404, fmt::format("model: {} is not served here", exchange.call.model));
  return {};
}

bool costs_money(const Exchange& exchange) {
  const snapshot::PriceEntry& price = *exchange.price;
  const bool priced = (price.input | price.output | price.cache_read | price.cache_write_5m | price.cache_write_1h |
                       price.per_request) != 0;
  return priced && exchange.caller.group->multiplier_ppm != 0 && exchange.caller.user->multiplier_ppm != 0;
}

Step choose_account(Exchange& exchange) {
  const auto found = pick::candidates(*exchange.snapshot, exchange.caller.group->id, exchange.price->provider,
                                      exchange.call.model, exchange.arrived);
  for (const pick::Candidate& candidate : found) {
    exchange.provider = provider::find(candidate.account->provider);
    if (exchange.provider == nullptr) continue;
    exchange.candidate = candidate;
    return {};
  }
  return refuse(503, fmt::format("no upstream account can serve {} at present", exchange.call.model), 30);
}

std::uint32_t slots_of(const Exchange& exchange) {
  const std::uint32_t own = exchange.caller.user->concurrency;
  return own != 0 ? own : exchange.snapshot->settings().default_user_concurrency();
}

}  // namespace

io::Task<Step> admit(Exchange& exchange) {
  if (Step step = find_price(exchange); !step) co_return step;
  if (Step step = choose_account(exchange); !step) co_return step;
  if (exchange.endpoint == Endpoint::kCountTokens) co_return Step{};

  if (costs_money(exchange) && exchange.caller.user->balance_nano_usd <= 0) {
    co_return refuse(402, "your balance is used up; add funds to continue");
  }
  const std::uint32_t limit = slots_of(exchange);
  Result<limit::Lease> lease =
      co_await exchange.services.slots.acquire("user:" + exchange.caller.user->id, limit, exchange.id_text);
  if (!lease) {
    co_return refuse(429, fmt::format("all {} of your concurrent requests are in use; wait for one to end", limit), 1);
  }
  exchange.slot = std::move(*lease);
  co_return Step{};
}

}  // namespace sluice::request
