// The background task: renews what is held, heals what was lost, tells Redis the sums of purses.
#include <algorithm>

#include "common/base/random.h"
#include "dataplane/limit/limiter_state.h"
#include "dataplane/limit/scripts.h"

namespace sluice::limit {

io::Task<> LimiterState::keep_alive(std::shared_ptr<LimiterState> self) {
  const auto period = self->settings_.heartbeat;
  while (!self->stopped_) {
    // Up to a tenth earlier, so that workers and nodes spread out.
    const auto early = std::chrono::milliseconds(random_below(static_cast<std::uint64_t>(period.count()) / 10 + 1));
    const SteadyTime next = self->now() + period - early;
    while (!self->stopped_ && self->now() < next) {
      const bool quarantined = self->quarantined_;
      self->wake_.reset();
      co_await self->wake_.wait_until(quarantined ? std::min(next, self->quarantine_until_) : next);
      if (!self->stopped_ && self->quarantined_ && self->now() >= self->quarantine_until_) self->resume();
    }
    if (self->stopped_) co_return;
    self->flush_releases();
    self->renew_slots();
    self->check_all_waiters();
    co_await wait_for_answers(self);
    if (self->stopped_) co_return;
    co_await tell_purses(self);
  }
}

// A sum that is told counts every hold that was asked for, granted or not, until the next one: in a burst of requests
// that are being refused it would refuse others for a whole heartbeat. So it waits, a little, for a calm moment.
io::Task<> LimiterState::wait_for_answers(std::shared_ptr<LimiterState> self) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries && self->asking_ > 0 && !self->stopped_; ++i)
    co_await self->worker_.sleep_until(self->now() + std::chrono::milliseconds(50));
}

void LimiterState::flush_releases() {
  releases_.flush([this](const PendingRelease& release) { return send_leave(release); });
}

// Nothing suspends between looking at the members and sending them: what is given back later is taken out later, so no
// renewal brings it back. Scripts whose answers nobody waits for are loaded each time: a missing one is not noticed.
void LimiterState::renew_slots() {
  if (!redis_.available()) return;
  for (const redis::Script* script : {&settle_script(), &leave_script(), &renew_slots_script(), &acknowledge_script()})
    (void)redis_.fire({"SCRIPT", "LOAD", std::string(script->source())});
  held_.for_each_part([this](std::span<const HeldScope> part) {
    (void)send(renew_slots_call(names_, {.lease = settings_.lease, .scopes = part}));
  });
}

std::vector<PurseClaim> LimiterState::claims(std::span<const std::string> purses) {
  send_settlements();
  std::vector<PurseClaim> result;
  for (const std::string& purse : purses) {
    const NodeMoney::Totals totals = node_.money.totals(purse);
    purses_.telling(purse);
    result.push_back(
        {.purse = purse,
         .bal_micro = micro_down(totals.balance_nano),
         .ver = static_cast<std::int64_t>(totals.version),
         .holds_micro = std::max<std::int64_t>(0, purses_.held_micro(purse)),
         .unacknowledged_micro = first_worker() ? std::max<std::int64_t>(0, micro_up(totals.unacked_nano)) : -1});
  }
  return result;
}

// All that this worker has to say of purses. The first worker speaks of what the node has spent, too.
std::vector<std::string> LimiterState::purses_to_tell() {
  std::vector<std::string> purses = purses_.all();
  if (!first_worker()) return purses;
  for (std::string& purse : node_.money.take_unacknowledged())
    purses.push_back(std::move(purse));
  std::ranges::sort(purses);
  purses.erase(std::ranges::unique(purses).begin(), purses.end());
  return purses;
}

io::Task<> LimiterState::tell_purses(std::shared_ptr<LimiterState> self) {
  const std::vector<std::string> purses = self->purses_to_tell();
  std::span<const std::string> left(purses);
  while (!left.empty() && !self->stopped_) {
    const std::span<const std::string> part = left.first(std::min(left.size(), kPursesPerCall));
    left = left.subspan(part.size());
    const std::vector<PurseClaim> claims = self->claims(part);
    ScriptCall call =
        assert_call(self->names_, {.owner = self->owner_, .node = self->settings_.node, .purses = claims});
    const Result<redis::Reply> reply =
        co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
    if (self->stopped_) co_return;
    const Result<std::vector<PurseState>> states = reply ? parse_purses(*reply) : std::unexpected(reply.error());
    self->purses_told(part, states ? &*states : nullptr);
  }
}

void LimiterState::purses_told(std::span<const std::string> purses, const std::vector<PurseState>* states) {
  for (std::size_t i = 0; i < purses.size(); ++i) {
    if (states == nullptr || i >= states->size()) {
      if (first_worker()) node_.money.tell_again(purses[i]);
      continue;
    }
    const PurseState& state = states->at(i);
    PurseDemand learned{.id = purses[i],
                        .known_balance_nano = state.bal_micro * 1000,
                        .known_version = static_cast<std::uint64_t>(state.ver)};
    if (state.ver > 0 && learned.known_version > node_.money.totals(purses[i]).version) node_.money.learn(learned);
    purses_.told(purses[i]);
  }
}

// The same without waiting for the answers: before anything else is asked of a Redis that was away.
void LimiterState::assert_all_purses() {
  const std::vector<std::string> purses = purses_to_tell();
  std::span<const std::string> left(purses);
  while (!left.empty()) {
    const std::span<const std::string> part = left.first(std::min(left.size(), kPursesPerCall));
    left = left.subspan(part.size());
    const std::vector<PurseClaim> all = claims(part);
    (void)send(assert_call(names_, {.owner = owner_, .node = settings_.node, .purses = all}));
    if (!first_worker()) continue;
    for (const std::string& purse : part)
      node_.money.tell_again(purse);
  }
}

void LimiterState::tell_acknowledged() {
  if (stopped_ || !redis_.available()) return;
  send_settlements();
  const std::vector<NodeMoney::Report> reports = node_.money.take_acknowledged();
  std::span<const NodeMoney::Report> left(reports);
  while (!left.empty()) {
    std::vector<PurseAcknowledgement> part;
    for (const NodeMoney::Report& report : left.first(std::min(left.size(), kPursesPerCall))) {
      part.push_back({.purse = report.purse,
                      .acknowledged_micro = report.acknowledged_micro,
                      .bal_micro = report.balance_micro,
                      .ver = static_cast<std::int64_t>(report.version)});
    }
    left = left.subspan(part.size());
    (void)send(acknowledge_call(names_, {.node = settings_.node, .purses = part}));
  }
}

}  // namespace sluice::limit
