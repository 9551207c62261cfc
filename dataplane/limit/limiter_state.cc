#include "dataplane/limit/limiter_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::limit {

LimiterState::LimiterState(io::Worker& worker, redis::Client& redis, NodeLimits& node, LimiterSettings settings,
                           observe::MetricsRegistry& registry)
    : worker_(worker),
      redis_(redis),
      node_(node),
      settings_(std::move(settings)),
      owner_(fmt::format("{}/{}", settings_.node, worker.index())),
      metrics_(registry, worker.index()),
      wake_(worker) {}

void LimiterState::stop() {
  stopped_ = true;
  wake_.set();
}

std::shared_ptr<Holding> LimiterState::open(std::string_view request_id) {
  auto holding = std::make_shared<Holding>(worker_, std::string(request_id), fmt::format("{}:{}", owner_, request_id));
  holdings_.insert_or_assign(holding->request_id, holding);
  return holding;
}

void LimiterState::close(Holding& holding) noexcept {
  if (holding.closed || stopped_) return;
  holding.closed = true;  // an answer that is still to come is given back then
  leave_queues(holding);
  if (!holding.settled) settle(holding, 0, holding.tokens);
  give_back_slots(holding, false);
  if (holding.unsent) (void)send_settlement(holding, {});
  const auto found = holdings_.find(holding.request_id);
  if (found != holdings_.end() && found->second.get() == &holding) holdings_.erase(found);
}

void LimiterState::release_account(Holding& holding) {
  if (stopped_) return;
  give_back_slots(holding, true);
}

// The slots leave the heartbeat first: no renewal that is sent later brings them back.
void LimiterState::give_back_slots(Holding& holding, bool only_account) {
  holding.has_account = false;
  std::vector<Place> places;
  for (const Place& place : holding.slots) {
    if (!only_account || place.of == SlotOf::kAccount) places.push_back(place);
  }
  if (places.empty()) return;
  drop_slots(holding, only_account);
  if (holding.unsent && !only_account && releases_.size() == 0 && send_settlement(holding, places)) return;
  give_back(holding.member, std::move(places));
}

void LimiterState::give_back(const std::string& member, std::vector<Place> places) {
  PendingRelease release{member, std::move(places)};
  if (releases_.size() == 0 && send_leave(release)) return;
  if (!releases_.push(std::move(release))) metrics_.releases_dropped.Increment();
  flush_releases();
}

// Leaving is giving back, too: whoever holds a slot there hands it on.
bool LimiterState::send_leave(const PendingRelease& release) {
  std::vector<ScopeLimit> scopes;
  for (const Place& place : release.places)
    scopes.push_back({place.scope, place.limit});
  return send(leave_call(names_, {.member = release.member, .lease = settings_.lease, .scopes = scopes}));
}

bool LimiterState::send(const ScriptCall& call) {
  return redis_.available() && redis_.fire_eval(*call.script, call.keys, call.arguments);
}

void LimiterState::add_slot(Holding& holding, Place place, bool counted_already) {
  const bool held = std::ranges::any_of(holding.slots, [&](const Place& at) { return at.scope == place.scope; });
  if (held) return;
  if (!counted_already) node_.share.enter(place.scope);
  held_.add(place.scope, place.limit, holding.member);
  holding.slots.push_back(std::move(place));
  metrics_.held.Set(static_cast<double>(held_.size()));
}

void LimiterState::drop_slots(Holding& holding, bool only_account) {
  for (const Place& place : holding.slots) {
    if (!only_account || place.of == SlotOf::kAccount) forget_slot(holding, place);
  }
  std::erase_if(holding.slots, [&](const Place& place) { return !only_account || place.of == SlotOf::kAccount; });
  metrics_.held.Set(static_cast<double>(held_.size()));
}

void LimiterState::forget_slot(Holding& holding, const Place& place) {
  held_.remove(place.scope, holding.member);
  node_.share.leave(place.scope);
  if (waiting_ > 0 && decides_locally()) wake_one_locally(place.scope);
}

void LimiterState::begin_stay(Holding& holding, std::vector<Place> queues, bool in_redis) {
  if (!std::exchange(holding.waiting, true)) metrics_.waiting.Set(static_cast<double>(++waiting_));
  set_queues(holding, std::move(queues));
  holding.queued_in_redis = in_redis;
  holding.result.reset();
  holding.woken.reset();
  ++holding.stays;
}

void LimiterState::end_stay(Holding& holding) {
  if (std::exchange(holding.waiting, false)) metrics_.waiting.Set(static_cast<double>(--waiting_));
  set_queues(holding, {});
  holding.queued_in_redis = false;
}

void LimiterState::set_queues(Holding& holding, std::vector<Place> queues) {
  for (const Place& place : queues)
    node_.waiting.add(place.scope);
  for (const Place& place : holding.queues)
    node_.waiting.remove(place.scope);
  holding.queues = std::move(queues);
}

// All but the scopes in which it holds a slot now.
void LimiterState::leave_other_queues(Holding& holding) {
  if (!std::exchange(holding.queued_in_redis, false)) return;
  std::vector<Place> others = holding.queues;
  std::erase_if(others, [&](const Place& place) {
    return std::ranges::any_of(holding.slots, [&](const Place& slot) { return slot.scope == place.scope; });
  });
  give_back(holding.member, std::move(others));
}

void LimiterState::leave_queues(Holding& holding) {
  if (!holding.waiting || stopped_) return;
  leave_other_queues(holding);
  end_stay(holding);
  holding.result = WaitResult{.kind = WaitResult::Kind::kTimeUp};
  holding.woken.set();
}

}  // namespace sluice::limit
