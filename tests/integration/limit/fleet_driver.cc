#include "tests/integration/limit/fleet_driver.h"

#include <algorithm>

namespace sluice::limit {

namespace {

constexpr std::chrono::hours kLease{1};  // leases end only when the test says so
constexpr std::size_t kMaxRequests = 32;

const std::vector<CandidateAsk> kAccounts = {{"x", 1, 0}, {"y", 2, 0}, {"z", 2, 1}};

}  // namespace

FleetDriver::FleetDriver(std::uint64_t seed) : random_(seed) {
  model_.scopes["user:1"].limit = 8;
  model_.scopes["user:2"].limit = 3;
  model_.scopes["key:1a"].limit = 4;
  model_.scopes["key:1b"].limit = 5;
  model_.scopes["key:2"].limit = 2;
  for (const CandidateAsk& account : kAccounts)
    model_.scopes[account_scope(account)].limit = account.concurrency;
  for (const char* purse : {"user:1", "user:2"})
    books_[purse] = {3000, 1};
  books_["key:1a:w"] = {0, 1};
  model_.purses["user:1"];
  model_.purses["user:2"];
  model_.purses["key:1a:w"].limit = 2500;
}

FleetDriver::Request* FleetDriver::pick(State state) {
  std::vector<Request*> found;
  for (const auto& [member, request] : requests_) {
    if (request->state == state) found.push_back(request.get());
  }
  return found.empty() ? nullptr : found[random(found.size())];
}

void FleetDriver::arrive() {
  if (requests_.size() >= kMaxRequests) return;
  auto request = std::make_unique<Request>();
  request->owner = owners_[random(owners_.size())];
  request->node = request->owner.substr(0, request->owner.find('/'));
  request->member = request->owner + ":r" + std::to_string(++births_);
  request->user = random(3) == 0 ? "user:2" : "user:1";
  request->key = request->user == "user:2" ? "key:2" : random(2) == 0 ? "key:1a" : "key:1b";
  request->user_limit = limit_of(request->user);
  request->key_limit = request->key == "key:2" && random(2) == 0 ? 0 : limit_of(request->key);
  request->purses = {request->user};
  if (request->key == "key:1a") request->purses.emplace_back("key:1a:w");
  request->hold = static_cast<std::int64_t>(random(250));
  for (const CandidateAsk& account : kAccounts) {
    if (random(3) != 0) request->candidates.push_back(account);
  }
  if (request->candidates.empty()) request->candidates.push_back(kAccounts[0]);
  if (random(2) == 0) request->sticky = "talk" + std::to_string(random(3));
  Request& asked = *request;
  requests_[asked.member] = std::move(request);
  ask(asked);
}

std::vector<PurseAsk> FleetDriver::purse_asks(const Request& request) {
  std::vector<PurseAsk> asks;
  for (const std::string& purse : request.purses) {
    auto [bal, ver] = books_.at(purse);
    if (random(3) == 0 && ver > 1) {  // an old snapshot
      ver -= 1;
      bal += 77;
    }
    asks.push_back({.purse = purse, .limit_micro = model_.purses.at(purse).limit, .bal_micro = bal, .ver = ver});
  }
  return asks;
}

void FleetDriver::ask(Request& request, bool yield, bool ignore_sticky) {
  const std::vector<PurseAsk> purses = purse_asks(request);
  AdmitAsk ask;
  ask.member = request.member;
  ask.owner = request.owner;
  ask.lease = kLease;
  ask.user = {.scope = request.user, .concurrency = request.user_limit};
  ask.key = {.scope = request.key, .concurrency = request.key_limit};
  ask.hold_micro = request.hold;
  ask.purses = purses;
  ask.candidates = request.candidates;
  ask.max_waiting_scope = 4;
  ask.max_waiting_account = 4;
  ask.sticky = request.sticky;
  ask.sticky_ttl = kLease;
  ask.sticky_waiting = 2;
  ask.may_wait = random(8) != 0;
  ask.admitted_already = request.admitted;
  ask.yield_sticky = yield;
  ask.ignore_sticky = ignore_sticky;
  ask.ticket = request.ticket;
  const FleetModel::Expected expected = model_.expect(ask);
  const AdmitOutcome outcome = redis_.admit(ask);
  INFO(request.member << " ticket " << request.ticket << (request.admitted ? " admitted" : ""));
  REQUIRE(FleetModel::kind(outcome) == expected.kind);
  if (const auto* granted = std::get_if<AdmitGranted>(&outcome)) {
    REQUIRE(expected.candidates.contains(granted->candidate));
  }
  if (const auto* waits = std::get_if<AdmitWaiting>(&outcome); waits && waits->for_what == WaitFor::kAccount) {
    for (std::size_t i = 0; i < ask.candidates.size(); ++i) {
      REQUIRE((waits->queues >> i & 1U) == (expected.candidates.contains(static_cast<std::int32_t>(i)) ? 1U : 0U));
    }
  }
  model_.apply(ask, outcome);
  ++counts_[expected.kind];
  follow(request, ask, outcome);
}

// What a gateway would do with the answer.
void FleetDriver::follow(Request& request, const AdmitAsk& asked, const AdmitOutcome& outcome) {
  std::erase_if(inbox_, [&](const auto& entry) { return entry.first == request.member; });
  if (const auto* waits = std::get_if<AdmitWaiting>(&outcome)) {
    request.ticket = waits->ticket;
    const bool for_scope = waits->for_what == WaitFor::kUser || waits->for_what == WaitFor::kKey;
    request.state = for_scope ? State::kWaitsForScope : State::kWaitsForAccount;
    request.waits_for_sticky = waits->for_what == WaitFor::kSticky;
    request.admitted = !for_scope;
  } else if (const auto* granted = std::get_if<AdmitGranted>(&outcome)) {
    request.state = State::kRuns;
    request.admitted = true;
    request.account_scope = account_scope(asked.candidates[static_cast<std::size_t>(granted->candidate)]);
  } else if (std::holds_alternative<AdmitStickyElsewhere>(outcome)) {
    ask(request, asked.yield_sticky, true);
  } else {
    give_up(request);
  }
}

std::vector<std::string> FleetDriver::scopes_waited_for(const Request& request) const {
  std::vector<std::string> scopes;
  if (request.admitted) {
    for (const CandidateAsk& candidate : request.candidates)
      scopes.push_back(account_scope(candidate));
    return scopes;
  }
  if (request.user_limit > 0) scopes.push_back(request.user);
  if (request.key_limit > 0) scopes.push_back(request.key);
  return scopes;
}

void FleetDriver::leave(Request& request, const std::vector<std::string>& scopes) {
  std::vector<ScopeLimit> left;
  for (const std::string& scope : scopes)
    left.push_back({scope, limit_of(scope)});
  redis_.run(leave_call(redis_.names, {.member = request.member, .lease = kLease, .scopes = left}));
  model_.leave(request.member, scopes);
}

void FleetDriver::settle(Request& request, const std::vector<std::string>& slots, bool money) {
  const std::int64_t actual = static_cast<std::int64_t>(random(static_cast<std::size_t>(request.hold) + 30));
  std::vector<ScopeLimit> released;
  for (const std::string& scope : slots)
    released.push_back({scope, limit_of(scope)});
  std::vector<PurseSettlement> purses;
  if (money) {
    for (const std::string& purse : request.purses)
      purses.push_back({purse, request.hold, actual});
  }
  SettleAsk ask{.member = request.member, .owner = request.owner, .node = request.node, .lease = kLease};
  ask.slots = released;
  ask.purses = purses;
  redis_.settle(ask);
  for (const std::string& scope : slots)
    model_.release(scope, request.member);
  for (const PurseSettlement& purse : purses) {
    ModelPurse& kept = model_.purses.at(std::string(purse.purse));
    kept.holds[request.owner] -= request.hold;
    kept.spent[request.node] += actual;
  }
}

void FleetDriver::finish(Request& request) {
  std::vector<std::string> slots;
  if (request.state == State::kRuns) slots.push_back(request.account_scope);
  if (request.user_limit > 0) slots.push_back(request.user);
  if (request.key_limit > 0) slots.push_back(request.key);
  settle(request, slots, true);
  ++counts_["finish"];
  requests_.erase(request.member);
}

void FleetDriver::fail_over(Request& request) {
  settle(request, {request.account_scope}, false);
  std::erase_if(request.candidates,
                [&](const CandidateAsk& candidate) { return account_scope(candidate) == request.account_scope; });
  request.state = State::kNew;
  if (random(2) == 0) request.ticket = 0;
  if (request.candidates.empty()) return finish(request);
  ++counts_["failover"];
  ask(request, true, true);
}

void FleetDriver::give_up(Request& request) {
  ++counts_["give up"];
  leave(request, scopes_waited_for(request));
  std::erase_if(inbox_, [&](const auto& entry) { return entry.first == request.member; });
  if (request.admitted) return finish(request);
  requests_.erase(request.member);
}

void FleetDriver::wake() {
  if (inbox_.empty()) return;
  const std::size_t i = random(inbox_.size());
  const auto [member, scope] = inbox_[i];
  inbox_.erase(inbox_.begin() + static_cast<std::ptrdiff_t>(i));
  if (random(6) == 0) {  // the message is lost
    ++counts_["lost wake"];
    return;
  }
  on_granted(*requests_.at(member), scope);
}

void FleetDriver::on_granted(Request& request, const std::string& scope) {
  REQUIRE(model_.scopes.at(scope).holders.contains(request.member));
  const std::vector<std::string> waited_for = scopes_waited_for(request);
  REQUIRE(std::ranges::find(waited_for, scope) != waited_for.end());
  ++counts_["woken"];
  if (request.state == State::kWaitsForScope) return ask(request);
  REQUIRE(request.state == State::kWaitsForAccount);
  request.state = State::kRuns;
  request.account_scope = scope;
  std::vector<std::string> others = scopes_waited_for(request);
  std::erase(others, scope);
  leave(request, others);
}

void FleetDriver::extend(Request& request) {
  const std::vector<PurseAsk> purses = purse_asks(request);
  const auto more = static_cast<std::int64_t>(random(300));
  const ExtendAsk ask{.owner = request.owner, .amount_micro = more, .purses = purses};
  const auto outcome = ScriptsFixture::value(parse_extend(redis_.run(extend_call(redis_.names, ask))));
  auto extended = model_.purses;
  for (const PurseAsk& asked : purses) {
    ModelPurse& purse = extended.at(std::string(asked.purse));
    purse.learn(asked.bal_micro, asked.ver);
    const bool fits = purse.limit + purse.bal - purse.total() >= more;
    purse.holds[request.owner] += more;
    if (fits) continue;
    REQUIRE(std::holds_alternative<ExtendRefused>(outcome));
    ++counts_["extension refused"];
    return;
  }
  REQUIRE(std::holds_alternative<ExtendOk>(outcome));
  ++counts_["extension"];
  model_.purses = extended;
  request.hold += more;
}

void FleetDriver::step() {
  constexpr State kStates[] = {State::kWaitsForScope, State::kWaitsForAccount, State::kRuns};
  const std::size_t dice = random(100);
  if (dice < 40) arrive();
  if (dice >= 40 && dice < 50) wake();
  if (dice >= 96) heartbeat(owners_[random(owners_.size())]);
  if (dice == 93 && random(3) == 0) kill(owners_[random(owners_.size())]);
  if (dice >= 91 && dice <= 95 && dice != 93) top_up();
  if (dice == 90) acknowledge();
  Request* request = dice >= 50 && dice < 90 ? pick(kStates[dice < 64 ? 2 : random(3)]) : nullptr;
  if (request != nullptr && request->state == State::kRuns) {
    if (dice < 75)
      finish(*request);
    else if (dice < 82)
      fail_over(*request);
    else
      extend(*request);
  } else if (request != nullptr) {
    if (dice < 75)
      give_up(*request);
    else
      ask(*request, request->waits_for_sticky && dice < 84);
  }
  check();
}

}  // namespace sluice::limit
