#include "tests/integration/limit/fleet_model.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

namespace sluice::limit {

std::string account_scope(const CandidateAsk& candidate) {
  return "account:" + std::string(candidate.account);
}

bool ModelScope::queues(const std::string& member) const {
  return std::ranges::any_of(queue, [&](const auto& entry) { return entry.second == member; });
}

void ModelScope::unqueue(const std::string& member) {
  std::erase_if(queue, [&](const auto& entry) { return entry.second == member; });
}

std::int64_t ModelPurse::total() const {
  std::int64_t sum = 0;
  for (const auto& [owner, micro] : holds)
    sum += micro;
  for (const auto& [node, micro] : spent)
    sum += micro;
  return sum;
}

void ModelPurse::learn(std::int64_t newest_bal, std::int64_t newest_ver) {
  if (known && newest_ver <= ver) return;
  known = true;
  bal = newest_bal;
  ver = newest_ver;
}

void FleetModel::hand_over(const std::string& scope, const std::string& me, std::int64_t ticket) {
  ModelScope& place = scopes.at(scope);
  while (!place.full() && !place.queue.empty()) {
    const auto [head_ticket, head] = *place.queue.begin();
    if (head == me || (ticket != 0 && head_ticket > ticket)) return;
    place.queue.erase(place.queue.begin());
    if (waiting.erase(head) == 0) continue;
    REQUIRE(place.holders.insert(head).second);  // nobody is given a slot twice
    const std::size_t colon = head.rfind(':');
    wakes.push_back(head.substr(0, colon) + " " + head.substr(colon + 1) + " " + scope);
  }
}

void FleetModel::release(const std::string& scope, const std::string& member) {
  if (scopes.at(scope).holders.erase(member) == 1) hand_over(scope);
}

void FleetModel::leave(const std::string& member, const std::vector<std::string>& left) {
  waiting.erase(member);
  for (const std::string& scope : left) {
    scopes.at(scope).unqueue(member);
    release(scope, member);
  }
}

void FleetModel::sweep(const std::string& scope) {
  std::erase_if(scopes.at(scope).queue, [&](const auto& entry) { return !waiting.contains(entry.second); });
  hand_over(scope);
}

void FleetModel::die(const std::string& owner) {
  const auto is_owned = [&](const std::string& member) { return member.starts_with(owner + ":"); };
  for (auto& [name, scope] : scopes)
    std::erase_if(scope.holders, is_owned);
  std::erase_if(waiting, is_owned);
}

bool FleetModel::has_place(const std::string& scope, const AdmitAsk& ask) {
  hand_over(scope, std::string(ask.member), ask.ticket);
  return !scopes.at(scope).full();
}

void FleetModel::leave_scope(const ScopeAsk& scope, const std::string& member) {
  if (scope.concurrency == 0) return;
  scopes.at(std::string(scope.scope)).unqueue(member);
  release(std::string(scope.scope), member);
}

std::string FleetModel::refuse(const AdmitAsk& ask, std::string why) {
  if (ask.ticket != 0 && !ask.admitted_already) {
    waiting.erase(std::string(ask.member));
    leave_scope(ask.user, std::string(ask.member));
    leave_scope(ask.key, std::string(ask.member));
  }
  return "refused " + why;
}

std::optional<std::string> FleetModel::expect_scopes(const AdmitAsk& ask) {
  const std::string member(ask.member);
  for (const ScopeAsk* scope : {&ask.user, &ask.key}) {
    const std::string name = scope == &ask.user ? "user" : "key";
    if (scope->concurrency == 0 || has_place(std::string(scope->scope), ask)) continue;
    const ModelScope& place = scopes.at(std::string(scope->scope));
    if (place.holders.contains(member)) continue;
    const bool room = place.queue.size() < ask.max_waiting_scope || (ask.ticket != 0 && place.queues(member));
    if (!ask.may_wait || !room) return refuse(ask, name);
    if (ask.ticket != 0) leave_scope(scope == &ask.user ? ask.key : ask.user, member);
    return "waiting " + name;
  }
  return std::nullopt;
}

std::optional<std::string> FleetModel::expect_purses(const AdmitAsk& ask) {
  for (const PurseAsk& asked : ask.purses) {
    ModelPurse purse = purses.at(std::string(asked.purse));
    purse.learn(asked.bal_micro, asked.ver);
    if (purse.limit + purse.bal - purse.total() < ask.hold_micro) return refuse(ask, "purse");
  }
  return std::nullopt;
}

// Of the first priority with free accounts, those with the lowest load.
std::set<std::int32_t> FleetModel::best_free(const AdmitAsk& ask, std::int32_t full) {
  std::set<std::int32_t> best;
  double lowest = INFINITY;
  for (std::size_t i = 0; i < ask.candidates.size(); ++i) {
    if (i > 0 && ask.candidates[i].priority != ask.candidates[i - 1].priority && !best.empty()) break;
    const auto index = static_cast<std::int32_t>(i);
    const std::string scope = account_scope(ask.candidates[i]);
    if (index == full || !has_place(scope, ask)) continue;
    const ModelScope& place = scopes.at(scope);
    const double load = static_cast<double>(place.holders.size() + place.queue.size()) / place.limit;
    if (load < lowest) best.clear();
    lowest = std::min(lowest, load);
    if (load == lowest) best.insert(index);
  }
  return best;
}

FleetModel::Expected FleetModel::expect_account(const AdmitAsk& ask, std::int32_t bound) {
  const std::string member(ask.member);
  const auto waits_in = [&](const ModelScope& place) { return ask.ticket != 0 && place.queues(member); };
  if (bound >= 0) {
    const std::string scope = account_scope(ask.candidates[static_cast<std::size_t>(bound)]);
    if (has_place(scope, ask)) return {"granted", {bound}};
    const ModelScope& place = scopes.at(scope);
    const bool room = place.queue.size() < ask.sticky_waiting || waits_in(place);
    if (ask.may_wait && !ask.yield_sticky && room) return {"waiting sticky", {bound}};
  }
  const std::set<std::int32_t> best = best_free(ask, bound);
  if (!best.empty()) return {"granted", best};
  if (!ask.may_wait) return {"all_full", {}};
  Expected joins{"waiting account", {}};
  for (std::size_t i = 0; i < ask.candidates.size(); ++i) {
    const ModelScope& place = scopes.at(account_scope(ask.candidates[i]));
    if (place.queue.size() >= ask.max_waiting_account && !waits_in(place)) continue;
    joins.candidates.insert(static_cast<std::int32_t>(i));
  }
  if (joins.candidates.empty()) return {refuse(ask, "accounts"), {}};
  return joins;
}

FleetModel::Expected FleetModel::expect(const AdmitAsk& ask) {
  std::int32_t handed = -1;
  std::int32_t bound = -1;
  const auto binding = bindings.find(std::string(ask.sticky));
  const bool is_bound = !ask.sticky.empty() && !ask.ignore_sticky && binding != bindings.end();
  for (std::size_t i = ask.candidates.size(); i-- > 0;) {
    const auto index = static_cast<std::int32_t>(i);
    const ModelScope& place = scopes.at(account_scope(ask.candidates[i]));
    if (ask.ticket != 0 && place.holders.contains(std::string(ask.member))) handed = index;
    if (is_bound && binding->second == ask.candidates[i].account) bound = index;
  }
  if (handed < 0 && is_bound && bound < 0) return {"elsewhere", {}};
  if (!ask.admitted_already) {
    if (const auto refused = expect_scopes(ask)) return {*refused, {}};
    if (const auto refused = expect_purses(ask)) return {*refused, {}};
  }
  if (handed >= 0) return {"granted", {handed}};
  return expect_account(ask, bound);
}

void FleetModel::charge(const AdmitAsk& ask) {
  if (ask.admitted_already) return;
  for (const ScopeAsk* scope : {&ask.user, &ask.key}) {
    if (scope->concurrency == 0) continue;
    ModelScope& place = scopes.at(std::string(scope->scope));
    place.holders.insert(std::string(ask.member));
    place.unqueue(std::string(ask.member));
  }
  for (const PurseAsk& asked : ask.purses) {
    ModelPurse& purse = purses.at(std::string(asked.purse));
    purse.learn(asked.bal_micro, asked.ver);
    purse.holds[std::string(ask.owner)] += ask.hold_micro;
    REQUIRE(purse.limit + purse.bal - purse.total() >= 0);  // never more admitted than there is
  }
}

void FleetModel::wait(const AdmitAsk& ask, const std::string& scope, std::int64_t ticket) {
  if (ask.ticket != 0) {
    REQUIRE(ticket == ask.ticket);
  } else {
    REQUIRE(ticket >= last_ticket);
    last_ticket = ticket;
  }
  ModelScope& place = scopes.at(scope);
  place.unqueue(std::string(ask.member));
  place.queue.emplace(ticket, ask.member);
  waiting.insert(std::string(ask.member));
}

void FleetModel::apply(const AdmitAsk& ask, const AdmitOutcome& outcome) {
  if (const auto* waits = std::get_if<AdmitWaiting>(&outcome)) {
    if (waits->for_what == WaitFor::kUser) return wait(ask, std::string(ask.user.scope), waits->ticket);
    if (waits->for_what == WaitFor::kKey) return wait(ask, std::string(ask.key.scope), waits->ticket);
    charge(ask);
    for (std::size_t i = 0; i < ask.candidates.size(); ++i) {
      const bool joined = waits->for_what == WaitFor::kSticky ? waits->sticky == static_cast<std::int32_t>(i)
                                                              : (waits->queues >> i & 1U) != 0;
      if (joined) wait(ask, account_scope(ask.candidates[i]), waits->ticket);
    }
  }
  if (const auto* granted = std::get_if<AdmitGranted>(&outcome)) {
    charge(ask);
    const std::string member(ask.member);
    waiting.erase(member);
    for (const CandidateAsk& candidate : ask.candidates)
      scopes.at(account_scope(candidate)).unqueue(member);
    const CandidateAsk& chosen = ask.candidates[static_cast<std::size_t>(granted->candidate)];
    scopes.at(account_scope(chosen)).holders.insert(member);
    if (!ask.sticky.empty()) bindings[std::string(ask.sticky)] = chosen.account;
  }
}

std::string FleetModel::kind(const AdmitOutcome& outcome) {
  constexpr std::string_view kWaits[] = {"user", "key", "account", "sticky"};
  if (const auto* waits = std::get_if<AdmitWaiting>(&outcome)) {
    return "waiting " + std::string(kWaits[static_cast<std::size_t>(waits->for_what)]);
  }
  if (const auto* refused = std::get_if<AdmitRefused>(&outcome)) {
    if (refused->why == Refusal::kUserConcurrency) return "refused user";
    if (refused->why == Refusal::kKeyConcurrency) return "refused key";
    if (refused->why == Refusal::kPurse) return "refused purse";
    return refused->why == Refusal::kAccounts ? "refused accounts" : "refused rate";
  }
  if (std::holds_alternative<AdmitGranted>(outcome)) return "granted";
  if (std::holds_alternative<AdmitAllFull>(outcome)) return "all_full";
  return std::holds_alternative<AdmitStickyElsewhere>(outcome) ? "elsewhere" : "closed";
}

}  // namespace sluice::limit
