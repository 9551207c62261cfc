// admit() while Redis cannot decide: by the node's share of every limit. Queues are not joined; who waits already goes
// on waiting.
#include <algorithm>

#include "common/base/random.h"
#include "dataplane/limit/admit_words.h"
#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

namespace {

constexpr std::chrono::milliseconds kSoon{1000};

std::string rate_name(std::string scope, std::string_view what) {
  return scope.append(":").append(what);
}

Refused rate_refused(std::string_view name, std::uint32_t share, std::chrono::milliseconds wait) {
  return {.kind = Refused::Kind::kRate, .limit_name = name, .limit = share, .current = share, .retry_after = wait};
}

}  // namespace

Outcome LimiterState::decide_locally(Holding& holding, const Demand& demand) {
  set_local(true, cause_);
  const bool was_waiting = holding.waiting;
  Outcome outcome{.result = Refused{}, .loads = {}, .local = true};
  const bool passes_now = !holding.admitted;
  if (passes_now) {
    if (std::optional<Refused> refused = pass_locally(holding, demand)) {
      const bool stay = was_waiting && refused->kind == Refused::Kind::kSlots && demand.may_wait;
      give_back_slots(holding, false);
      if (!stay) {
        leave_queues(holding);
        outcome.result = *refused;
        return outcome;
      }
      const bool user = refused->limit_name == "user_concurrency";
      stay_locally(holding, {user ? *user_place(demand) : *key_place(demand)});
      outcome.result = Waiting{user ? Waiting::For::kUser : Waiting::For::kKey, 0};
      return outcome;
    }
  }
  choose_locally(holding, demand, was_waiting, outcome);
  if (passes_now && std::holds_alternative<Refused>(outcome.result)) undo_pass(holding);
  return outcome;
}

std::optional<Refused> LimiterState::enter_locally(Holding& holding, const Place& place) {
  const bool held = std::ranges::any_of(holding.slots, [&](const Place& at) { return at.scope == place.scope; });
  if (held) return std::nullopt;
  if (node_.share.try_enter(place.scope, place.limit)) {
    add_slot(holding, place, true);
    return std::nullopt;
  }
  return Refused{.kind = Refused::Kind::kSlots,
                 .limit_name = place.of == SlotOf::kUser ? "user_concurrency" : "key_concurrency",
                 .limit = node_.share.share_of(place.limit),
                 .current = node_.share.held(place.scope),
                 .retry_after = kSoon};
}

std::optional<Refused> LimiterState::rates_locally(const Demand& demand) const {
  const auto check = [&](const std::string& scope, std::string_view what, std::string_view name,
                         std::uint32_t per_minute, std::uint32_t amount) -> std::optional<Refused> {
    if (per_minute == 0) return std::nullopt;
    const auto wait = node_.rates.wait_for(rate_name(scope, what), per_minute, amount, now());
    if (wait.count() == 0) return std::nullopt;
    return rate_refused(name, node_.rates.share_of(per_minute), wait);
  };
  const std::string user = user_scope(demand);
  const std::string key = key_scope(demand);
  auto refused = check(user, "requests", "user_requests_per_minute", demand.user.requests_per_minute, 1);
  if (!refused) {
    refused = check(user, "tokens", "user_tokens_per_minute", demand.user.tokens_per_minute, demand.tokens);
  }
  if (!refused) refused = check(key, "requests", "key_requests_per_minute", demand.key.requests_per_minute, 1);
  if (!refused) refused = check(key, "tokens", "key_tokens_per_minute", demand.key.tokens_per_minute, demand.tokens);
  return refused;
}

// Holds in all purses, or in none.
std::optional<Refused> LimiterState::money_locally(const Demand& demand, std::vector<PurseDemand>& purses) {
  if (purses.empty()) return std::nullopt;
  if (demand.money_needs_redis) {
    return Refused{.kind = Refused::Kind::kUnavailable, .limit_name = "money", .retry_after = kSoon};
  }
  for (std::size_t i = 0; i < purses.size(); ++i) {
    node_.money.learn(purses[i]);
    std::int64_t available = 0;
    if (node_.money.try_hold(purses[i], demand.hold_nano, available)) continue;
    for (std::size_t j = 0; j < i; ++j)
      node_.money.hold(purses[j].id, -demand.hold_nano);
    return Refused{.kind = Refused::Kind::kMoney,
                   .limit_name = limit_name_of_purse(purses[i].id),
                   .limit = purses[i].limit_nano,
                   .current = available};
  }
  for (const PurseDemand& purse : purses)
    purses_.add(purse.id, micro_up(demand.hold_nano));
  return std::nullopt;
}

// Slots entered before a refusal are left to the caller to give back.
std::optional<Refused> LimiterState::pass_locally(Holding& holding, const Demand& demand) {
  std::optional<Refused> refused;
  if (const auto user = user_place(demand)) refused = enter_locally(holding, *user);
  if (refused) return refused;
  if (const auto key = key_place(demand)) refused = enter_locally(holding, *key);
  if (refused) return refused;
  refused = rates_locally(demand);
  if (refused) return refused;
  std::vector<PurseDemand> purses = demand.purses;
  refused = money_locally(demand, purses);
  if (refused) return refused;
  become_admitted(holding, demand, std::move(purses));
  holding.local = true;
  return std::nullopt;
}

// All or nothing: as if it had not been asked.
void LimiterState::undo_pass(Holding& holding) {
  hold_money(holding.purses, -holding.hold_nano, -holding.hold_micro);
  give_back_slots(holding, false);
  for (const ChargedRate& rate : holding.rates) {
    if (rate.requests_per_minute != 0) {
      node_.rates.charge(rate_name(rate.scope, "requests"), rate.requests_per_minute, -1, now());
    }
    if (rate.tokens_per_minute != 0) {
      node_.rates.charge(rate_name(rate.scope, "tokens"), rate.tokens_per_minute,
                         -static_cast<std::int64_t>(holding.tokens), now());
    }
  }
  holding.rates.clear();
  holding.purses.clear();
  holding.hold_nano = 0;
  holding.hold_micro = 0;
  holding.admitted = false;
}

// Goes on waiting. Its place in the queues of Redis is kept while they are some of those it waits for now.
void LimiterState::stay_locally(Holding& holding, std::vector<Place> queues) {
  const bool same = std::ranges::all_of(holding.queues, [&](const Place& old) {
    return std::ranges::any_of(queues, [&](const Place& at) { return at.scope == old.scope; });
  });
  const bool kept = holding.queued_in_redis && same;
  if (!kept) leave_other_queues(holding);
  if (kept) queues = holding.queues;
  begin_stay(holding, std::move(queues), kept);
}

// The best priority that has a place; there the lowest load, then chance.
void LimiterState::choose_locally(Holding& holding, const Demand& demand, bool was_waiting, Outcome& outcome) {
  const std::span<const AccountOption> accounts = accounts_of(demand);
  if (accounts.empty()) {
    leave_other_queues(holding);
    end_stay(holding);
    outcome.result = Granted{};
    return;
  }
  struct Free {
    std::size_t account;
    double load;
  };
  std::vector<Free> free;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const auto place = account_place(demand, i);
    const std::uint32_t running = place ? node_.share.held(place->scope) : 0;
    outcome.loads.push_back({place ? static_cast<std::int32_t>(running) : -1, -1});
    const std::uint32_t share = place ? node_.share.share_of(place->limit) : 1;
    if (!place || running < share) {
      free.push_back({i, static_cast<double>(running) / share / accounts[i].weight});
    }
  }
  const auto chance = random_below(accounts.size());
  std::ranges::sort(free, [&](const Free& a, const Free& b) {
    const auto rank = [&](const Free& one) {
      return std::tuple(accounts[one.account].priority, one.load, (one.account + chance) % accounts.size());
    };
    return rank(a) < rank(b);
  });
  for (const Free& one : free) {
    const auto place = account_place(demand, one.account);
    if (place && !node_.share.try_enter(place->scope, place->limit)) continue;
    if (place) add_slot(holding, *place, true);
    leave_other_queues(holding);
    end_stay(holding);
    holding.has_account = true;
    holding.local = true;
    outcome.result = Granted{one.account, accounts.size() == 1 ? ChosenBy::kOnlyCandidate : ChosenBy::kLowestLoad};
    return;
  }
  if (!was_waiting || !demand.may_wait) {
    leave_queues(holding);
    outcome.result = accounts_full(demand);
    return;
  }
  std::vector<Place> queues;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (auto place = account_place(demand, i)) queues.push_back(std::move(*place));
  }
  stay_locally(holding, std::move(queues));
  outcome.result = Waiting{Waiting::For::kAccount, 0};
}

}  // namespace sluice::limit
