// Losing Redis, or its memory, and finding it again: everything held is told anew before anything is asked.
#include <fmt/format.h>

#include "common/base/random.h"
#include "common/observe/log.h"
#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

namespace {

constexpr std::chrono::milliseconds kRetry{100};

// From the text of INFO: "run_id:<40 hex digits>\r\n".
std::string run_id_of(const std::string& info) {
  constexpr std::string_view kField = "\nrun_id:";
  const std::size_t at = info.find(kField);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kField.size();
  return info.substr(begin, info.find_first_of("\r\n", begin) - begin);
}

}  // namespace

bool LimiterState::decides_locally() const {
  return !redis_.available() || !epoch_known_ || quarantined_;
}

void LimiterState::on_redis_up() {
  if (stopped_) return;
  ++connections_;
  run_id_.clear();
  flush_releases();
  renew_slots();
  epoch_in_doubt();
}

// A message may have been missed while the channels were away.
void LimiterState::on_channels_up() {
  if (!stopped_ && !decides_locally()) check_all_waiters();
}

void LimiterState::epoch_in_doubt() {
  epoch_known_ = false;
  if (!finding_) worker_.spawn_background(find_epoch(shared_from_this()));
}

// Until the epoch is known or Redis is away; then its return starts this again.
io::Task<> LimiterState::find_epoch(std::shared_ptr<LimiterState> self) {
  if (std::exchange(self->finding_, true)) co_return;
  while (!self->stopped_ && !self->epoch_known_ && self->redis_.available()) {
    const bool found = co_await ask_epoch(self);
    if (!found && !self->stopped_) co_await self->worker_.sleep_until(self->now() + kRetry);
  }
  self->finding_ = false;
}

io::Task<bool> LimiterState::ask_epoch(std::shared_ptr<LimiterState> self) {
  const unsigned connection = self->connections_;
  if (self->run_id_.empty()) {
    const Result<redis::Reply> info = co_await self->redis_.command({"INFO", "server"});
    if (self->stopped_ || !info || info->text() == nullptr || connection != self->connections_) co_return false;
    self->run_id_ = run_id_of(*info->text());
  }
  const std::string id = random_base62(12);
  ScriptCall call =
      found_call(self->names_, {.epoch_id = id, .run_id = self->run_id_, .quarantine = self->settings_.quarantine});
  const Result<redis::Reply> reply =
      co_await self->redis_.eval(*call.script, std::move(call.keys), std::move(call.arguments));
  if (self->stopped_ || !reply || connection != self->connections_) co_return false;
  const Result<FoundOutcome> found = parse_found(*reply);
  if (!found) co_return false;
  if (found->changed) {
    // What others tell before this is over they tell again with their next heartbeat, before anything is admitted.
    co_await forget_leases(self, self->now() + (found->until - found->now) - self->settings_.heartbeat * 5 / 4);
    if (self->stopped_ || connection != self->connections_) co_return false;
  }
  self->take_epoch(*found);
  co_return true;
}

// An older copy of Redis remembers slots and waiters of requests that have ended since; nobody would give them back
// before their leases end. Whoever still has something tells it anew. Stops at `until`: the leases do the rest.
io::Task<> LimiterState::forget_leases(std::shared_ptr<LimiterState> self, SteadyTime until) {
  if (self->now() >= until) co_return;
  (void)self->redis_.fire({"UNLINK", self->names_.waiting()});
  for (const std::string& pattern : {self->names_.all_slots(), self->names_.all_queues()}) {
    std::string cursor = "0";
    do {
      std::vector<std::string> ask = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
      const Result<redis::Reply> reply = co_await self->redis_.command(std::move(ask));
      if (self->stopped_ || !reply || reply->list() == nullptr || reply->list()->size() != 2) co_return;
      const std::string* next = reply->list()->front().text();
      const redis::Reply::List* keys = reply->list()->back().list();
      if (next == nullptr || keys == nullptr) co_return;
      std::vector<std::string> unlink = {"UNLINK"};
      for (const redis::Reply& key : *keys)
        if (key.text() != nullptr) unlink.push_back(*key.text());
      if (unlink.size() > 1) (void)self->redis_.fire(unlink);
      cursor = *next;
    } while (cursor != "0" && self->now() < until);
  }
}

void LimiterState::take_epoch(const FoundOutcome& found) {
  const auto remaining = found.until - found.now;
  if (found.epoch_id != epoch_id_) {
    // Queues of another memory are not to be trusted: whoever waits asks again when it may.
    for (const auto& [id, holding] : holdings_) {
      if (holding->waiting && !holding->asking) leave_other_queues(*holding);
    }
    if (!epoch_id_.empty() || found.changed) {
      metrics_.epochs.Increment();
      observe::log(observe::Level::kWarn, "limits_new_epoch",
                   {{"worker", worker_.index()},
                    {"epoch", found.epoch_id},
                    {"found_here", found.changed},
                    {"quarantine_ms", std::max<std::int64_t>(0, remaining.count())}});
    }
    epoch_id_ = found.epoch_id;
  }
  flush_releases();
  renew_slots();
  assert_all_purses();
  epoch_known_ = true;
  quarantined_ = remaining.count() > 0;
  if (!quarantined_) return resume();
  cause_ = "Redis lost its memory; other nodes are telling what they hold";
  quarantine_until_ = now() + remaining + std::chrono::milliseconds(1);
  set_local(true, cause_);
  wake_.set();
}

void LimiterState::resume() {
  quarantined_ = false;
  if (decides_locally()) return;
  cause_ = "Redis is not available";
  if (first_worker()) tell_acknowledged();
  check_all_waiters();
  set_local(false, "");
}

void LimiterState::set_local(bool local, std::string_view cause) {
  if (std::exchange(local_, local) == local) return;
  metrics_.local.Set(local ? 1 : 0);
  if (local) {
    observe::log(observe::Level::kWarn, "limits_by_local_share", {{"worker", worker_.index()}, {"cause", cause}});
  } else {
    observe::log(observe::Level::kInfo, "limits_by_redis", {{"worker", worker_.index()}});
  }
}

}  // namespace sluice::limit
