#include "dataplane/pick/decision.h"

#include <algorithm>

namespace sluice::pick {

void Decision::begin(std::string_view request_id, SystemTime started, SteadyTime now) {
  request_id_ = request_id;
  started_ = started;
  begun_ = now;
}

void Decision::caller(std::string_view user_id, std::string_view key_id, std::string_view group_id) {
  user_id_ = user_id;
  key_id_ = key_id;
  group_id_ = group_id;
}

void Decision::model(std::string_view requested) {
  model_.assign(requested);
}

std::uint64_t Decision::since_arrival(SteadyTime now) const {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(now - begun_).count()));
}

Decision::Looked* Decision::find(std::string_view account_id) {
  const auto at = std::ranges::find_if(looked_, [&](const Looked& one) { return one.account_id.view() == account_id; });
  return at == looked_.end() ? nullptr : &*at;
}

void Decision::considered(const Selection& selection) {
  const bool again = !looked_.empty();
  if (!again) looked_.reserve(std::min(selection.considered().size(), kMaxConsidered));
  for (const Considered& seen : selection.considered()) {
    Looked* place = again ? find(seen.account->id) : nullptr;
    if (place == nullptr) {
      if (looked_.size() == kMaxConsidered) continue;
      place = &looked_.emplace_back();
      place->account_id = std::string_view(seen.account->id);
      place->priority = seen.account->priority;
      place->concurrency = seen.account->concurrency;
    }
    if (seen.load.running >= 0) {
      place->running = seen.load.running;
      place->waiting = seen.load.waiting;
    }
    place->skip = seen.skip;
    place->reason = seen.blocked.reason;
    place->blocked_until = seen.blocked.until;
    place->last_resort = selection.last_resort && seen.skip == Skip::kSoftBlocked;
  }
  const std::size_t all = selection.others + selection.considered().size();
  others_ = static_cast<std::uint32_t>(all - std::min(all, looked_.size()));
}

void Decision::load(std::string_view account_id, std::int32_t running, std::int32_t waiting) {
  if (running < 0) return;
  if (Looked* place = find(account_id)) {
    place->running = running;
    place->waiting = waiting;
  }
}

Decision::Attempt* Decision::under_way() {
  return attempts_.empty() || attempts_.back().ended ? nullptr : &attempts_.back();
}

void Decision::attempt_started(std::string_view account_id, std::string_view chosen_by, std::string_view egress,
                               SteadyTime now) {
  if (attempts_.size() == kMaxAttempts) attempts_.pop_back();
  Attempt& attempt = attempts_.emplace_back();
  attempt.account_id = account_id;
  attempt.chosen_by = chosen_by;
  attempt.egress = egress;
  attempt.started_us = since_arrival(now);
}

void Decision::first_byte(SteadyTime now) {
  if (Attempt* attempt = under_way()) attempt->first_byte_us = since_arrival(now);
}

void Decision::egress(std::string_view proxy) {
  if (Attempt* attempt = under_way()) attempt->egress = proxy;
}

void Decision::attempt_ended(unsigned status, std::string_view failure, SteadyTime now) {
  Attempt* attempt = under_way();
  if (attempt == nullptr) return;
  attempt->status = status;
  attempt->failure = failure;
  attempt->ended_us = since_arrival(now);
  attempt->ended = true;
}

void Decision::wait_started(std::string_view scope, SteadyTime now) {
  wait_ended("left", now);
  if (waits_.size() < kMaxWaits) waits_.push_back({.scope = scope, .started_us = since_arrival(now)});
}

void Decision::wait_ended(std::string_view how, SteadyTime now) {
  if (waits_.empty() || !waits_.back().ended.empty()) return;
  Wait& wait = waits_.back();
  wait.ended = how;
  wait.waited_us = since_arrival(now) - wait.started_us;
}

std::uint64_t Decision::waited_us() const {
  std::uint64_t sum = 0;
  for (const Wait& wait : waits_)
    sum += wait.waited_us;
  return sum;
}

void Decision::finish(unsigned status, std::string_view outcome, SteadyTime now) {
  wait_ended("left", now);
  status_ = status;
  outcome_ = outcome;
  total_us_ = since_arrival(now);
}

}  // namespace sluice::pick
