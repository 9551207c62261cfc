// What an answer of admit.lua makes of a permit.
#include "dataplane/limit/admit_words.h"
#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

void LimiterState::become_admitted(Holding& holding, const Demand& demand, std::vector<PurseDemand> purses) {
  if (holding.admitted) return;
  holding.admitted = true;
  if (auto user = user_place(demand)) add_slot(holding, std::move(*user));
  if (auto key = key_place(demand)) add_slot(holding, std::move(*key));
  holding.purses = std::move(purses);
  holding.hold_nano = holding.purses.empty() ? 0 : demand.hold_nano;
  holding.hold_micro = micro_up(holding.hold_nano);
  holding.tokens = demand.tokens;
  const auto charge = [&](const Scope& scope, std::string name) {
    if (scope.requests_per_minute != 0) {
      node_.rates.charge(name + ":requests", scope.requests_per_minute, 1, now());
    }
    if (scope.tokens_per_minute != 0) {
      node_.rates.charge(name + ":tokens", scope.tokens_per_minute, demand.tokens, now());
    }
    if (scope.requests_per_minute == 0 && scope.tokens_per_minute == 0) return;
    holding.rates.push_back({std::move(name), scope.requests_per_minute, scope.tokens_per_minute});
  };
  charge(demand.user, user_scope(demand));
  charge(demand.key, key_scope(demand));
}

// Empty: Redis does not decide at present.
std::optional<Outcome> LimiterState::apply(Holding& holding, const Demand& demand, std::vector<PurseDemand>& purses,
                                           const AdmitOutcome& answer) {
  Outcome outcome;
  if (const auto* granted = std::get_if<AdmitGranted>(&answer)) {
    become_admitted(holding, demand, std::move(purses));
    end_stay(holding);
    holding.yield_sticky = false;
    const auto account = static_cast<std::size_t>(std::max(0, granted->candidate));
    holding.has_account = granted->candidate >= 0;
    if (holding.has_account) {
      if (auto place = account_place(demand, account)) add_slot(holding, std::move(*place));
    }
    outcome.result = Granted{account, granted->by};
    outcome.loads = loads_of(granted->loads);
    return outcome;
  }
  if (const auto* waiting = std::get_if<AdmitWaiting>(&answer)) {
    if (waits_for_account(answer)) {
      become_admitted(holding, demand, std::move(purses));
    } else {
      drop_slots(holding, false);  // the script handed on what it had
    }
    holding.ticket = waiting->ticket;
    begin_stay(holding, queues_of(demand, *waiting), true);
    outcome.result =
        Waiting{static_cast<Waiting::For>(waiting->for_what), static_cast<std::uint32_t>(waiting->position - 1)};
    outcome.loads = loads_of(waiting->loads);
    return outcome;
  }
  if (const auto* refused = std::get_if<AdmitRefused>(&answer)) {
    if (!holding.admitted) drop_slots(holding, false);
    leave_queues(holding);
    outcome.result = refused_of(demand, *refused);
    outcome.loads = loads_of(refused->loads);
    return outcome;
  }
  if (const auto* full = std::get_if<AdmitAllFull>(&answer)) {
    if (!holding.admitted) give_back_slots(holding, false);
    leave_queues(holding);
    outcome.result = accounts_full(demand);
    outcome.loads = loads_of(full->loads);
    return outcome;
  }
  if (const auto* elsewhere = std::get_if<AdmitStickyElsewhere>(&answer)) {
    outcome.result = StickyElsewhere{elsewhere->account};
    return outcome;
  }
  return std::nullopt;
}

}  // namespace sluice::limit
