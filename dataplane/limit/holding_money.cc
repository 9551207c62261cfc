// The money of one request: holds, settling, extending.
#include <utility>

#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

void LimiterState::hold_money(const std::vector<PurseDemand>& purses, std::int64_t nano, std::int64_t micro) {
  for (const PurseDemand& purse : purses) {
    node_.money.hold(purse.id, nano);
    purses_.add(purse.id, micro);
  }
}

// What does not reach Redis is in the sums of the next heartbeat.
void LimiterState::settle(Holding& holding, std::int64_t cost_nano, std::uint32_t tokens) {
  if (holding.settled || stopped_ || !holding.admitted) return;
  holding.settled = true;
  std::vector<PurseSettlement> settlements;
  for (const PurseDemand& purse : holding.purses) {
    const std::int64_t spent_micro = node_.money.spend(purse.id, holding.hold_nano, cost_nano);
    purses_.add(purse.id, -holding.hold_micro);
    settlements.push_back({purse.id, holding.hold_micro, spent_micro});
  }
  const std::int64_t delta = static_cast<std::int64_t>(tokens) - holding.tokens;
  std::vector<TokenCorrection> corrections;
  for (const ChargedRate& rate : holding.rates) {
    if (rate.tokens_per_minute == 0 || delta == 0) continue;
    corrections.push_back({rate.scope, rate.tokens_per_minute});
    node_.rates.charge(rate.scope + ":tokens", rate.tokens_per_minute, delta, now());
  }
  holding.hold_nano = 0;
  holding.hold_micro = 0;
  if (settlements.empty() && corrections.empty()) return;
  send_later(holding, {std::move(settlements), std::move(corrections), delta});
}

// Nearly always the request ends in the same turn of the loop: then its slots go with the settlement, in one call.
void LimiterState::send_later(Holding& holding, Settlement settlement) {
  holding.unsent = std::move(settlement);
  unsent_.push_back(holding.shared_from_this());
  if (unsent_.size() > 1) return;  // the first one has posted it
  worker_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->send_settlements();
  });
}

// Before sums of purses are told, too: they count these already.
void LimiterState::send_settlements() {
  for (const std::shared_ptr<Holding>& holding : std::exchange(unsent_, {}))
    if (holding->unsent) (void)send_settlement(*holding, {});
}

// False if it was not sent; the next heartbeat then tells the sums.
bool LimiterState::send_settlement(Holding& holding, const std::vector<Place>& places) {
  std::vector<ScopeLimit> slots;
  for (const Place& place : places)
    slots.push_back({place.scope, place.limit});
  const Settlement settlement = std::move(*holding.unsent);
  holding.unsent.reset();
  return !stopped_ && send(settle_call(names_, {.member = holding.member,
                                                .owner = owner_,
                                                .node = settings_.node,
                                                .lease = settings_.lease,
                                                .slots = slots,
                                                .purses = settlement.purses,
                                                .tokens = settlement.tokens,
                                                .token_delta = settlement.token_delta}));
}

// All purses or none, by the node's share.
bool LimiterState::extend_locally(Holding& holding, std::int64_t nano) {
  if (holding.money_needs_redis) return false;
  const std::vector<PurseDemand>& purses = holding.purses;
  for (std::size_t i = 0; i < purses.size(); ++i) {
    std::int64_t available = 0;
    if (node_.money.try_hold(purses[i], nano, available)) continue;
    while (i-- > 0)
      node_.money.hold(purses[i].id, -nano);
    return false;
  }
  for (const PurseDemand& purse : purses)
    purses_.add(purse.id, micro_up(nano));
  return true;
}

ScriptCall LimiterState::ask_extension(Holding& holding, std::int64_t nano) {
  send_settlements();
  std::vector<PurseAsk> asks;
  for (PurseDemand& purse : holding.purses) {
    node_.money.learn(purse);
    asks.push_back({purse.id, micro_down(purse.limit_nano), micro_down(purse.known_balance_nano),
                    static_cast<std::int64_t>(purse.known_version)});
  }
  return extend_call(names_, {.owner = owner_, .amount_micro = micro_up(nano), .purses = asks});
}

// Whether it was extended. The larger hold counts from before the call is sent, as in admit().
bool LimiterState::take_extension(Holding& holding, std::int64_t nano, const Result<redis::Reply>& reply) {
  const Result<ExtendOutcome> answer = reply ? parse_extend(*reply) : std::unexpected(reply.error());
  if (answer && std::holds_alternative<ExtendOk>(*answer) && !holding.settled) return true;
  hold_money(holding.purses, -nano, -micro_up(nano));
  if (holding.settled) return false;
  if (answer && std::holds_alternative<ExtendRefused>(*answer)) return false;
  if (answer) epoch_in_doubt();
  return extend_locally(holding, nano);
}

io::Task<Result<>> LimiterState::extend(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                        std::int64_t nano) {
  if (holding->purses.empty() || holding->settled || nano <= 0) co_return Result<>();
  bool extended = false;
  if (self->decides_locally()) {
    extended = self->extend_locally(*holding, nano);
  } else {
    ScriptCall call = self->ask_extension(*holding, nano);
    self->hold_money(holding->purses, nano, micro_up(nano));
    const Result<redis::Reply> reply =
        co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
    if (self->stopped_) co_return fail(ErrorCode::kResourceExhausted, "the gateway is stopping");
    extended = self->take_extension(*holding, nano, reply);
  }
  if (!extended) {
    self->metrics_.extensions_refused.Increment();
    co_return fail(ErrorCode::kResourceExhausted, "the balance or budget does not cover more");
  }
  holding->hold_nano += nano;
  holding->hold_micro += micro_up(nano);
  co_return Result<>();
}

}  // namespace sluice::limit
