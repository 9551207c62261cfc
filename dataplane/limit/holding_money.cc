// The money of one request: holds, settling, extending.
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
  (void)send(settle_call(names_, {.member = holding.member,
                                  .owner = owner_,
                                  .node = settings_.node,
                                  .lease = settings_.lease,
                                  .slots = {},
                                  .purses = settlements,
                                  .tokens = corrections,
                                  .token_delta = delta}));
}

namespace {

bool extend_locally(NodeMoney& money, const std::vector<PurseDemand>& purses, std::int64_t nano) {
  for (std::size_t i = 0; i < purses.size(); ++i) {
    std::int64_t available = 0;
    if (money.try_hold(purses[i], nano, available)) continue;
    while (i-- > 0)
      money.hold(purses[i].id, -nano);
    return false;
  }
  return true;
}

}  // namespace

io::Task<Result<>> LimiterState::extend(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                        std::int64_t nano) {
  if (holding->purses.empty() || nano <= 0) co_return Result<>();
  const std::int64_t micro = micro_up(nano);
  bool by_share = self->decides_locally();
  bool refused = false;
  if (!by_share) {
    std::vector<PurseAsk> asks;
    for (PurseDemand& purse : holding->purses) {
      self->node_.money.learn(purse);
      asks.push_back({purse.id, micro_down(purse.limit_nano), micro_down(purse.known_balance_nano),
                      static_cast<std::int64_t>(purse.known_version)});
    }
    ScriptCall call = extend_call(self->names_, {.owner = self->owner_, .amount_micro = micro, .purses = asks});
    self->hold_money(holding->purses, nano, micro);
    const Result<redis::Reply> reply =
        co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
    const Result<ExtendOutcome> answer = reply ? parse_extend(*reply) : std::unexpected(reply.error());
    if (self->stopped_) co_return fail(ErrorCode::kResourceExhausted, "the gateway is stopping");
    refused = answer && std::holds_alternative<ExtendRefused>(*answer);
    by_share = !answer || (!refused && !std::holds_alternative<ExtendOk>(*answer));
    if (answer && by_share) self->epoch_in_doubt();
    if (refused || by_share || holding->closed || holding->settled) self->hold_money(holding->purses, -nano, -micro);
    if (holding->closed || holding->settled) co_return fail(ErrorCode::kResourceExhausted, "the request has ended");
  }
  if (by_share) {
    refused = holding->money_needs_redis || !extend_locally(self->node_.money, holding->purses, nano);
    if (!refused) {
      for (const PurseDemand& purse : holding->purses)
        self->purses_.add(purse.id, micro);
    }
  }
  if (refused) {
    self->metrics_.extensions_refused.Increment();
    co_return fail(ErrorCode::kResourceExhausted, "the balance or budget does not cover more");
  }
  holding->hold_nano += nano;
  holding->hold_micro += micro;
  co_return Result<>();
}

}  // namespace sluice::limit
