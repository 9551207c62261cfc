// The rest of FleetDriver: heartbeats, deaths, the control plane, and the comparison of Redis with the model.
#include <algorithm>

#include "tests/integration/limit/fleet_driver.h"

namespace sluice::limit {

namespace {

constexpr std::chrono::hours kLease{1};

}  // namespace

void FleetDriver::acknowledge() {
  for (auto& [name, purse] : model_.purses) {
    for (const char* node : {"n1", "n2"}) {
      const std::int64_t spent = purse.spent[node];
      if (spent == 0 || random(2) == 0) continue;
      const auto booked = static_cast<std::int64_t>(random(static_cast<std::size_t>(spent) + 1));
      auto& [bal, ver] = books_.at(name);
      bal -= booked;
      ++ver;
      const PurseAcknowledgement ack{.purse = name, .acknowledged_micro = booked, .bal_micro = bal, .ver = ver};
      redis_.run(acknowledge_call(redis_.names, {.node = node, .purses = {&ack, 1}}));
      purse.learn(bal, ver);
      purse.spent[node] -= booked;
      ++counts_["acknowledged"];
    }
  }
}

void FleetDriver::top_up() {
  auto& [bal, ver] = std::next(books_.begin(), static_cast<std::ptrdiff_t>(random(books_.size())))->second;
  bal += static_cast<std::int64_t>(random(2000));
  ++ver;
}

// The worker is gone without a word: its leases end, another one takes its place under a new name.
void FleetDriver::kill(const std::string& owner) {
  ++counts_["death"];
  const std::string gone = owner;
  for (const auto& [member, request] : requests_) {
    if (request->owner != gone) continue;
    redis_.expire(redis_.names.waiting(), member);
    for (const auto& [scope, unused] : model_.scopes)
      redis_.expire(redis_.names.slots(scope), member);
  }
  model_.die(gone);
  std::erase_if(requests_, [&](const auto& entry) { return entry.second->owner == gone; });
  std::erase_if(inbox_, [&](const auto& entry) { return entry.first.starts_with(gone + ":"); });
  for (const auto& [name, purse] : model_.purses) {
    if (!purse.holds.contains(gone)) continue;
    REQUIRE(redis_.redis.command({"HSET", redis_.names.purse(name), "t:" + gone, "1"}));  // silent for long
  }
  forgotten_[gone] = true;
  *std::ranges::find(owners_, gone) = gone.substr(0, gone.find('/') + 1) + std::to_string(++births_);
}

void FleetDriver::heartbeat(const std::string& owner) {
  ++counts_["heartbeat"];
  renew(owner);
  beat_waiters(owner);
  claim(owner);
}

void FleetDriver::renew(const std::string& owner) {
  std::map<std::string, std::vector<std::string_view>> held;
  for (const auto& [member, request] : requests_) {
    if (request->owner != owner || !request->admitted) continue;
    if (request->user_limit > 0) held[request->user].push_back(member);
    if (request->key_limit > 0) held[request->key].push_back(member);
    if (request->state == State::kRuns) held[request->account_scope].push_back(member);
  }
  std::vector<HeldScope> scopes;
  for (const auto& [scope, members] : held)
    scopes.push_back({scope, limit_of(scope), members});
  redis_.run(renew_slots_call(redis_.names, {.lease = kLease, .scopes = scopes}));
  for (const auto& [scope, members] : held)
    model_.hand_over(scope);
}

void FleetDriver::beat_waiters(const std::string& owner) {
  std::vector<ScopeLimit> scopes;
  for (const auto& [name, scope] : model_.scopes)
    scopes.push_back({name, scope.limit});
  std::vector<Request*> waiters;
  std::vector<std::vector<std::uint32_t>> indexes;
  for (const auto& [member, request] : requests_) {
    if (request->owner != owner || request->state == State::kRuns) continue;
    waiters.push_back(request.get());
    std::vector<std::uint32_t>& waited = indexes.emplace_back();
    for (const std::string& scope : scopes_waited_for(*request)) {
      waited.push_back(static_cast<std::uint32_t>(
          std::ranges::find(scopes, scope, [](const ScopeLimit& entry) { return entry.scope; }) - scopes.begin()));
    }
  }
  std::vector<WaiterAsk> asks;
  for (std::size_t i = 0; i < waiters.size(); ++i)
    asks.push_back({waiters[i]->member, indexes[i]});
  const WaitersAsk ask{.lease = kLease, .scopes = scopes, .waiters = asks};
  const auto states = ScriptsFixture::value(parse_waiters(redis_.run(waiters_call(redis_.names, ask))));
  for (const ScopeLimit& scope : scopes)
    model_.sweep(std::string(scope.scope));

  REQUIRE(states.size() == waiters.size());
  check();  // reads the wake-ups of the sweep
  std::vector<std::pair<std::string, std::string>> granted;
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    REQUIRE(states[i].kind != WaiterState::Kind::kLost);
    const bool waits = model_.waiting.contains(waiters[i]->member);
    REQUIRE(waits == (states[i].kind == WaiterState::Kind::kWaiting));
    if (!waits) granted.emplace_back(waiters[i]->member, scopes[states[i].scope].scope);
  }
  for (const auto& [member, scope] : granted) {
    std::erase_if(inbox_, [&](const auto& entry) { return entry.first == member; });
    const auto request = requests_.find(member);
    if (request != requests_.end()) on_granted(*request->second, scope);
  }
}

void FleetDriver::claim(const std::string& owner) {
  const std::string node = owner.substr(0, owner.find('/'));
  std::vector<PurseClaim> claims;
  for (auto& [name, purse] : model_.purses) {
    const auto& [bal, ver] = books_.at(name);
    purse.learn(bal, ver);
    std::erase_if(purse.holds, [&](const auto& hold) { return forgotten_.contains(hold.first); });
    claims.push_back({name, bal, ver, purse.holds[owner], random(2) == 0 ? -1 : purse.spent[node]});
  }
  const AssertAsk ask{.owner = owner, .node = node, .purses = claims};
  const auto states = ScriptsFixture::value(parse_purses(redis_.run(assert_call(redis_.names, ask))));
  REQUIRE(states.size() == claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const ModelPurse& purse = model_.purses.at(std::string(claims[i].purse));
    REQUIRE(states[i].total_micro == purse.total());
    REQUIRE(states[i].bal_micro == purse.bal);
    REQUIRE(states[i].ver == purse.ver);
  }
}

void FleetDriver::sweep() {
  for (const std::string& owner : std::vector<std::string>(owners_))
    heartbeat(owner);
  check();
  const std::vector<std::string> owners = owners_;
  for (const auto& [name, scope] : model_.scopes) {
    INFO(name);
    const bool wanted =
        std::ranges::any_of(scope.queue, [&](const auto& entry) { return model_.waiting.contains(entry.second); });
    if (wanted) REQUIRE(scope.full());
  }
}

void FleetDriver::check_scope(const std::string& name, const ModelScope& scope) {
  INFO(name);
  REQUIRE(scope.holders.size() <= scope.limit);
  const std::string now = redis_.redis.list({"TIME"})[0] + "000";
  const auto holders = redis_.redis.list({"ZRANGEBYSCORE", redis_.names.slots(name), "(" + now, "+inf"});
  REQUIRE(std::set<std::string>(holders.begin(), holders.end()) == scope.holders);
  const auto flat = redis_.redis.list({"ZRANGE", redis_.names.queue(name), "0", "-1", "WITHSCORES"});
  std::set<std::pair<std::int64_t, std::string>> queue;
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
    queue.emplace(std::stoll(flat[i + 1]), flat[i]);
  REQUIRE(queue == scope.queue);
}

void FleetDriver::check_purse(const std::string& name, const ModelPurse& purse) {
  INFO(name);
  std::int64_t total = 0;
  std::int64_t sum = 0;
  for (const auto& [field, value] : redis_.hash(redis_.names.purse(name))) {
    const std::string owner = field.substr(2);
    const std::int64_t number = std::stoll(value);
    if (field == "total") total = number;
    if (field.starts_with("h:")) REQUIRE(number == (purse.holds.contains(owner) ? purse.holds.at(owner) : 0));
    if (field.starts_with("u:")) REQUIRE(number == (purse.spent.contains(owner) ? purse.spent.at(owner) : 0));
    if (field.starts_with("h:") || field.starts_with("u:")) sum += number;
    if (field == "bal") REQUIRE(number == purse.bal);
    if (field == "ver") REQUIRE(number == purse.ver);
  }
  REQUIRE(total == sum);
  REQUIRE(total == purse.total());
}

void FleetDriver::check() {
  const std::vector<std::string> woken = redis_.woken();
  REQUIRE(woken == model_.wakes);
  model_.wakes.clear();
  for (const std::string& text : woken) {
    const std::size_t first = text.find(' ');
    const std::size_t second = text.find(' ', first + 1);
    inbox_.emplace_back(text.substr(0, first) + ":" + text.substr(first + 1, second - first - 1),
                        text.substr(second + 1));
    REQUIRE(requests_.contains(inbox_.back().first));
  }
  for (const auto& [name, scope] : model_.scopes)
    check_scope(name, scope);
  for (const auto& [name, purse] : model_.purses)
    check_purse(name, purse);
  const std::string now = redis_.redis.list({"TIME"})[0] + "000";
  const auto waiting = redis_.redis.list({"ZRANGEBYSCORE", redis_.names.waiting(), "(" + now, "+inf"});
  REQUIRE(std::set<std::string>(waiting.begin(), waiting.end()) == model_.waiting);
}

}  // namespace sluice::limit
