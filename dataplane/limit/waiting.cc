// Waiting in queues: woken by whoever hands a slot over, healed by the heartbeat where the message was lost.
#include <algorithm>
#include <limits>

#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

io::Task<WaitResult> LimiterState::wait(std::shared_ptr<LimiterState> self, std::shared_ptr<Holding> holding,
                                        SteadyTime until) {
  const SteadyTime began = self->now();
  if (holding->waiting) (void)co_await holding->woken.wait_until(until);
  if (self->stopped_) co_return WaitResult{};
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(self->now() - began);
  holding->waited += waited;
  self->metrics_.wait_seconds.Observe(std::chrono::duration<double>(waited).count());
  if (!holding->result) self->leave_queues(*holding);
  holding->woken.reset();
  co_return std::exchange(holding->result, std::nullopt).value_or(WaitResult{});
}

// "<request id> <scope>". A request that does not wait there any more has left, which gives the slot back. In a first
// stay the message can only be true; in a later one it may be of an earlier stay, so Redis is asked.
void LimiterState::on_wake(std::string_view message) {
  const std::size_t space = message.find(' ');
  if (stopped_ || space == std::string_view::npos) return;
  const auto found = holdings_.find(message.substr(0, space));
  if (found == holdings_.end()) return;
  Holding& holding = *found->second;
  const std::string_view scope = message.substr(space + 1);
  if (holding.asking) {
    holding.woken_early = scope;
    return;
  }
  if (!holding.waiting) return;
  const auto place = std::ranges::find(holding.queues, scope, &Place::scope);
  if (place == holding.queues.end()) return;
  if (holding.stays == 1) {
    grant(holding, Place(*place));
  } else {
    worker_.spawn_background(check_waiters(shared_from_this(), {found->second}));
  }
}

void LimiterState::grant(Holding& holding, const Place& place) {
  metrics_.handed_over.Increment();
  add_slot(holding, place);
  if (holding.queues.size() > 1) leave_other_queues(holding);
  WaitResult result{.kind = WaitResult::Kind::kGrantedScope};
  if (place.of == SlotOf::kAccount) {
    result = {.kind = WaitResult::Kind::kGrantedAccount, .account = place.account};
    holding.has_account = true;
    holding.yield_sticky = false;
    if (!holding.sticky_key.empty() && redis_.available()) {
      const std::string_view account = std::string_view(place.scope).substr(std::string_view("account:").size());
      (void)redis_.fire(sticky_bind_command(names_, holding.sticky_key, account, holding.sticky_ttl));
    }
  }
  end_stay(holding);
  holding.result = result;
  holding.woken.set();
}

// It keeps its ticket, and what Redis may still know of it.
void LimiterState::lose(Holding& holding) {
  if (!holding.result) holding.result = WaitResult{.kind = WaitResult::Kind::kLost};
  holding.woken.set();
}

// The one that has waited longest here may try to take the place.
void LimiterState::wake_one_locally(std::string_view scope) {
  const auto ticket_of = [](const Holding& holding) {
    return holding.ticket == 0 ? std::numeric_limits<std::int64_t>::max() : holding.ticket;
  };
  Holding* first = nullptr;
  for (const auto& [id, holding] : holdings_) {
    if (!holding->waiting || holding->result || holding->asking) continue;
    if (std::ranges::find(holding->queues, scope, &Place::scope) == holding->queues.end()) continue;
    if (first == nullptr || ticket_of(*holding) < ticket_of(*first)) first = holding.get();
  }
  if (first != nullptr) lose(*first);
}

namespace {

// The waiters of one call, and the scopes that they wait in.
struct Asked {
  std::vector<ScopeLimit> scopes;
  std::vector<std::vector<std::uint32_t>> indexes;  // into scopes, per waiter
};

Asked gather(const std::vector<std::shared_ptr<Holding>>& waiters) {
  Asked asked;
  std::map<std::string_view, std::uint32_t> known;
  for (const auto& waiter : waiters) {
    std::vector<std::uint32_t>& indexes = asked.indexes.emplace_back();
    for (const Place& place : waiter->queues) {
      const auto [at, added] = known.try_emplace(place.scope, static_cast<std::uint32_t>(asked.scopes.size()));
      if (added) asked.scopes.push_back({place.scope, place.limit});
      indexes.push_back(at->second);
    }
  }
  return asked;
}

bool still_waits(const Holding& holding) {
  return !holding.closed && holding.waiting && holding.queued_in_redis && !holding.asking && !holding.queues.empty();
}

}  // namespace

// At most kMembersPerCall. An answer counts only for those who have not moved on meanwhile.
io::Task<> LimiterState::check_waiters(std::shared_ptr<LimiterState> self,
                                       std::vector<std::shared_ptr<Holding>> waiters) {
  std::erase_if(waiters, [](const auto& waiter) { return !still_waits(*waiter); });
  if (waiters.empty() || self->stopped_ || self->decides_locally()) co_return;
  const Asked asked = gather(waiters);
  std::vector<WaiterAsk> asks;
  std::vector<std::uint32_t> stays;
  std::vector<std::string> scopes;
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    asks.push_back({waiters[i]->member, asked.indexes[i]});
    stays.push_back(waiters[i]->stays);
  }
  for (const ScopeLimit& scope : asked.scopes)
    scopes.emplace_back(scope.scope);
  ScriptCall call =
      waiters_call(self->names_, {.lease = self->settings_.lease, .scopes = asked.scopes, .waiters = asks});
  const Result<redis::Reply> reply =
      co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
  if (!reply || self->stopped_) co_return;
  const Result<std::vector<WaiterState>> states = parse_waiters(*reply);
  if (!states || states->size() != waiters.size()) co_return;
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    Holding& holding = *waiters[i];
    const WaiterState& state = states->at(i);
    if (!still_waits(holding) || holding.stays != stays[i]) continue;
    if (state.kind == WaiterState::Kind::kLost) {
      holding.queued_in_redis = false;
      self->lose(holding);
    } else if (state.kind == WaiterState::Kind::kGranted && state.scope < scopes.size()) {
      const auto place = std::ranges::find(holding.queues, scopes[state.scope], &Place::scope);
      if (place != holding.queues.end()) self->grant(holding, Place(*place));
    }
  }
}

// Those of whom Redis knows nothing ask again, now that it can answer.
void LimiterState::check_all_waiters() {
  std::vector<std::shared_ptr<Holding>> part;
  for (const auto& [id, holding] : holdings_) {
    if (!holding->waiting || holding->asking) continue;
    if (!holding->queued_in_redis || decides_locally()) {
      lose(*holding);
      continue;
    }
    part.push_back(holding);
    if (part.size() < kMembersPerCall) continue;
    worker_.spawn_background(check_waiters(shared_from_this(), std::exchange(part, {})));
  }
  if (!part.empty()) worker_.spawn_background(check_waiters(shared_from_this(), std::move(part)));
}

}  // namespace sluice::limit
