#include "dataplane/limit/slot_table.h"

#include <fmt/format.h>

#include "common/base/random.h"
#include "common/observe/log.h"
#include "dataplane/limit/scripts.h"

namespace sluice::limit {

namespace {

// Releases that wait for Redis to come back; more than that expire by themselves.
constexpr std::size_t kMaxWaitingReleases = 100'000;
// Members of one renewal: keeps each script well under a millisecond.
constexpr std::size_t kMembersPerRenewal = 200;

}  // namespace

SlotMetrics::SlotMetrics(observe::MetricsRegistry& registry, int worker)
    : granted(registry.counter("sluice_slots_granted_total", "Slots granted, by who decided.",
                               {{"worker", std::to_string(worker)}, {"by", "redis"}})),
      granted_locally(registry.counter("sluice_slots_granted_total", "Slots granted, by who decided.",
                                       {{"worker", std::to_string(worker)}, {"by", "local_share"}})),
      refused(registry.counter("sluice_slots_refused_total", "Slots refused, by who decided.",
                               {{"worker", std::to_string(worker)}, {"by", "redis"}})),
      refused_locally(registry.counter("sluice_slots_refused_total", "Slots refused, by who decided.",
                                       {{"worker", std::to_string(worker)}, {"by", "local_share"}})),
      releases_dropped(registry.counter("sluice_slots_releases_dropped_total",
                                        "Releases given up while Redis was away; their leases expire.",
                                        {{"worker", std::to_string(worker)}})),
      held(registry.gauge("sluice_slots_held", "Slots held now.", {{"worker", std::to_string(worker)}})),
      local(registry.gauge("sluice_slots_local", "1 while the node decides by its share because Redis is away.",
                           {{"worker", std::to_string(worker)}})) {}

SlotTable::SlotTable(io::Worker& worker, redis::Client& redis, LocalShare& share, SlotSettings settings,
                     observe::MetricsRegistry& registry)
    : worker_(worker),
      redis_(redis),
      share_(share),
      settings_(std::move(settings)),
      lease_ms_(std::to_string(settings_.lease.count())),
      metrics_(registry, worker.index()),
      wake_(worker) {}

std::string SlotTable::key(std::string_view scope) const {
  return fmt::format("{}{{{}}}", settings_.prefix, scope);
}

io::Task<Result<Lease>> SlotTable::acquire(std::shared_ptr<SlotTable> self, std::string scope, std::uint32_t limit,
                                           std::string request) {
  if (limit == 0) co_return Lease();
  const std::string member = fmt::format("{}:{}", self->settings_.node, request);
  std::vector<std::string> keys = {self->key(scope)};
  std::vector<std::string> arguments = {std::to_string(limit), member, self->lease_ms_};
  const Result<redis::Reply> reply =
      co_await self->redis_.eval(acquire_script(), std::move(keys), std::move(arguments));
  if (self->stopped_) co_return fail(ErrorCode::kCancelled, "the gateway is stopping");
  if (!reply) co_return self->decide_locally(scope, limit, member, reply.error());

  self->set_local(false, "");
  const std::int64_t* admitted = reply->integer();
  if (admitted != nullptr && *admitted == 1) {
    self->metrics_.granted.Increment();
    self->share_.enter(scope);
    co_return self->grant(scope, member);
  }
  self->metrics_.refused.Increment();
  co_return fail(ErrorCode::kResourceExhausted, fmt::format("all {} slots are taken", limit));
}

// The member keeps its name: should Redis have admitted it after all, or do so later, the lease covers that too.
Result<Lease> SlotTable::decide_locally(const std::string& scope, std::uint32_t limit, const std::string& member,
                                        const Error& cause) {
  set_local(true, cause.message);
  if (share_.try_enter(scope, limit)) {
    metrics_.granted_locally.Increment();
    return grant(scope, member);
  }
  metrics_.refused_locally.Increment();
  const bool outcome_unknown = cause.code == ErrorCode::kDeadlineExceeded || cause.code == ErrorCode::kClosed;
  if (outcome_unknown) queue_release(key(scope), member);
  return fail(ErrorCode::kResourceExhausted,
              fmt::format("all {} slots of this node's share of {} are taken", share_.share_of(limit), limit));
}

Lease SlotTable::grant(const std::string& scope, const std::string& member) {
  members_[scope].insert(member);
  metrics_.held.Set(static_cast<double>(++held_));
  return {shared_from_this(), scope, member};
}

void SlotTable::release(std::string scope, std::string member) {
  if (stopped_) return;
  const auto found = members_.find(scope);
  if (found != members_.end()) {
    found->second.erase(member);
    if (found->second.empty()) members_.erase(found);
  }
  metrics_.held.Set(static_cast<double>(--held_));
  share_.leave(scope);
  queue_release(key(scope), std::move(member));
}

// All releases of a loop turn go out together.
void SlotTable::queue_release(std::string key, std::string member) {
  if (releases_.size() == kMaxWaitingReleases) {
    releases_.pop_front();
    metrics_.releases_dropped.Increment();
  }
  releases_.push_back({std::move(key), std::move(member)});
  if (std::exchange(flush_posted_, true)) return;
  worker_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    self->flush_posted_ = false;
    self->flush_releases();
  });
}

void SlotTable::flush_releases() {
  while (!releases_.empty() && redis_.available()) {
    if (!redis_.fire({"ZREM", releases_.front().key, releases_.front().member})) return;
    releases_.pop_front();
  }
}

// Nothing suspends between looking at the members and sending them: a lease released later is removed later, so no
// renewal brings a released one back. The script is loaded each time, because nobody waits for a "no such script".
void SlotTable::renew_all() {
  if (members_.empty() || !redis_.available()) return;
  (void)redis_.fire({"SCRIPT", "LOAD", std::string(renew_script().source())});
  for (const auto& [scope, members] : members_) {
    std::vector<std::string> arguments = {lease_ms_};
    for (const std::string& member : members) {
      arguments.push_back(member);
      if (arguments.size() <= kMembersPerRenewal) continue;
      (void)redis_.fire_eval(renew_script(), {key(scope)}, arguments);
      arguments.resize(1);
    }
    if (arguments.size() > 1) (void)redis_.fire_eval(renew_script(), {key(scope)}, arguments);
  }
}

void SlotTable::on_redis_up() {
  if (stopped_) return;
  flush_releases();
  renew_all();
}

io::Task<> SlotTable::keep_renewing(std::shared_ptr<SlotTable> self) {
  const auto period = self->settings_.renew;
  while (!self->stopped_) {
    // Up to a tenth earlier, so that workers and nodes spread out.
    const auto early = std::chrono::milliseconds(random_below(static_cast<std::uint64_t>(period.count()) / 10 + 1));
    co_await self->wake_.wait_until(self->worker_.clock().steady() + period - early);
    if (self->stopped_) co_return;
    self->flush_releases();
    self->renew_all();
    // Renewals have no time limit of their own: this one finds a connection that is dead.
    if (!self->members_.empty()) (void)co_await self->redis_.command({"PING"});
  }
}

void SlotTable::set_local(bool local, std::string_view cause) {
  if (local == local_) return;
  local_ = local;
  metrics_.local.Set(local ? 1 : 0);
  if (local) {
    observe::log(observe::Level::kWarn, "slots_by_local_share", {{"worker", worker_.index()}, {"cause", cause}});
  } else {
    observe::log(observe::Level::kInfo, "slots_by_redis", {{"worker", worker_.index()}});
  }
}

void SlotTable::stop() {
  stopped_ = true;
  wake_.set();
}

}  // namespace sluice::limit
