// admit() where Redis decides: one script call, and what its answer means for the permit.
#include "dataplane/limit/admit_words.h"
#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

namespace {

ScopeAsk ask_of(const Scope& scope, std::string_view name) {
  return {name, scope.concurrency, scope.requests_per_minute, scope.tokens_per_minute};
}

// Redis may, or may still, have done what was asked.
bool outcome_unknown(const Error& error) {
  return error.code != ErrorCode::kUnavailable;
}

}  // namespace

ScriptCall LimiterState::ask(const Holding& holding, const Demand& demand, const std::vector<PurseDemand>& purses) {
  const std::string user = user_scope(demand);
  const std::string key = key_scope(demand);
  std::vector<PurseAsk> purse_asks;
  for (const PurseDemand& purse : purses) {
    purse_asks.push_back({purse.id, micro_down(purse.limit_nano), micro_down(purse.known_balance_nano),
                          static_cast<std::int64_t>(purse.known_version)});
  }
  std::vector<CandidateAsk> candidates;
  // The script only tells priorities apart, and packs no number below 0: their rank does.
  std::uint32_t rank = 0;
  for (const AccountOption& account : accounts_of(demand)) {
    if (&account != accounts_of(demand).data() && (&account - 1)->priority != account.priority) ++rank;
    candidates.push_back({account.id, account.concurrency, rank, account.weight});
  }
  AdmitAsk ask;
  ask.member = holding.member;
  ask.owner = owner_;
  ask.lease = settings_.lease;
  if (!holding.admitted) {
    ask.user = ask_of(demand.user, user);
    ask.key = ask_of(demand.key, key);
    ask.tokens = demand.tokens;
    ask.hold_micro = micro_up(demand.hold_nano);
    ask.purses = purse_asks;
  }
  ask.candidates = candidates;
  ask.max_waiting_scope = demand.waiting_per_user;
  ask.max_waiting_account = demand.waiting_per_account;
  ask.sticky = demand.sticky_key;
  ask.sticky_ttl = demand.sticky_ttl;
  ask.sticky_waiting = demand.sticky_waiting;
  ask.may_wait = demand.may_wait;
  ask.admitted_already = holding.admitted;
  ask.yield_sticky = holding.yield_sticky;
  ask.ignore_sticky = demand.sticky_unfit;
  ask.ticket = holding.ticket;
  return admit_call(names_, ask);
}

// Holds count from before the call is sent, so that telling Redis the sums meanwhile does not drop them.
io::Task<Outcome> LimiterState::admit(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                      const Demand& demand) {
  self->prepare(*holding, demand);
  Outcome outcome;
  if (self->decides_locally()) {
    outcome = self->decide_locally(*holding, demand);
  } else {
    std::vector<PurseDemand> purses = holding->admitted ? std::vector<PurseDemand>() : demand.purses;
    for (PurseDemand& purse : purses)
      self->node_.money.learn(purse);
    ScriptCall call = self->ask(*holding, demand, purses);
    self->hold_money(purses, demand.hold_nano, micro_up(demand.hold_nano));
    holding->asking = true;
    holding->woken_early.clear();
    ++self->asking_;
    const Result<redis::Reply> reply =
        co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
    --self->asking_;
    holding->asking = false;
    if (self->stopped_) co_return Outcome{.result = Refused{}, .loads = {}, .local = false};
    outcome = self->take_answer(*holding, demand, std::move(purses), reply);
    if (const std::string scope = std::exchange(holding->woken_early, ""); !scope.empty() && holding->waiting) {
      self->on_wake(holding->request_id + " " + scope);
    }
  }
  self->metrics_.count(outcome);
  co_return outcome;
}

// A queue that is not asked for any more is left, so that nothing is handed over that nobody expects.
void LimiterState::prepare(Holding& holding, const Demand& demand) {
  std::vector<std::string> accounts;
  for (const AccountOption& account : accounts_of(demand))
    accounts.push_back("account:" + std::string(account.id));
  if (holding.waiting && accounts != holding.accounts) {
    if (holding.queued_in_redis) give_back(holding.member, holding.queues);
    holding.queued_in_redis = false;
    set_queues(holding, {});
  }
  holding.accounts = std::move(accounts);
  holding.sticky_key = demand.sticky_key;
  holding.sticky_ttl = demand.sticky_ttl;
  holding.money_needs_redis = demand.money_needs_redis;
}

Outcome LimiterState::take_answer(Holding& holding, const Demand& demand, std::vector<PurseDemand> purses,
                                  const Result<redis::Reply>& reply) {
  const auto take_back_holds = [&] { hold_money(purses, -demand.hold_nano, -micro_up(demand.hold_nano)); };
  const Result<AdmitOutcome> answer = reply ? parse_admit(*reply) : std::unexpected(reply.error());
  if (holding.closed) {
    take_back_holds();
    give_back(holding.member, all_places(demand));
    return {.result = Refused{}, .loads = {}, .local = false};
  }
  if (answer) {
    const bool kept = std::holds_alternative<AdmitGranted>(*answer) || waits_for_account(*answer);
    if (!kept) take_back_holds();
    if (std::optional<Outcome> outcome = apply(holding, demand, purses, *answer)) return std::move(*outcome);
    epoch_in_doubt();
    holding.queued_in_redis = false;
    cause_ = "Redis has lost its memory";
    return decide_locally(holding, demand);
  }
  take_back_holds();
  cause_ = answer.error().message;
  Outcome outcome = decide_locally(holding, demand);
  if (!outcome_unknown(answer.error())) return outcome;
  // Whatever Redis did beyond what is held now is undone; money is repaired by the sums of the next heartbeat.
  std::vector<Place> places = all_places(demand);
  std::erase_if(places, [&](const Place& place) {
    return std::ranges::any_of(holding.slots, [&](const Place& slot) { return slot.scope == place.scope; });
  });
  holding.queued_in_redis = false;
  if (!places.empty()) give_back(holding.member, std::move(places));
  return outcome;
}

}  // namespace sluice::limit
