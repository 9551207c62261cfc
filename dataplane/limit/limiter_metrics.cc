#include "dataplane/limit/limiter_metrics.h"

#include <string>

namespace sluice::limit {

namespace {

observe::Labels labels(int worker) {
  return {{"worker", std::to_string(worker)}};
}
observe::Labels labels(int worker, const char* name, const char* value) {
  return {{"worker", std::to_string(worker)}, {name, value}};
}

observe::Counter& granted_by(observe::MetricsRegistry& registry, int worker, const char* by) {
  return registry.counter("sluice_limits_granted_total", "Requests that got all they asked for, by who decided.",
                          labels(worker, "by", by));
}
observe::Counter& refused_by(observe::MetricsRegistry& registry, int worker, const char* limit) {
  return registry.counter("sluice_limits_refused_total", "Requests that were refused, by kind of limit.",
                          labels(worker, "limit", limit));
}

}  // namespace

LimiterMetrics::LimiterMetrics(observe::MetricsRegistry& registry, int worker)
    : granted(granted_by(registry, worker, "redis")),
      granted_locally(granted_by(registry, worker, "local_share")),
      queued(registry.counter("sluice_limits_queued_total", "Stays in queues.", labels(worker))),
      refused_slots(refused_by(registry, worker, "concurrency")),
      refused_rate(refused_by(registry, worker, "rate")),
      refused_money(refused_by(registry, worker, "money")),
      refused_accounts(refused_by(registry, worker, "accounts")),
      refused_unavailable(refused_by(registry, worker, "unavailable")),
      extensions_refused(registry.counter("sluice_limits_extensions_refused_total",
                                          "Running requests whose purse could not cover more.", labels(worker))),
      handed_over(registry.counter("sluice_limits_handed_over_total", "Slots that a waiting request was handed.",
                                   labels(worker))),
      releases_dropped(registry.counter("sluice_limits_releases_dropped_total",
                                        "Releases given up while Redis was away; their leases expire.",
                                        labels(worker))),
      epochs(registry.counter("sluice_limits_epochs_total", "How often Redis was found with another memory.",
                              labels(worker))),
      held(registry.gauge("sluice_limits_held", "Slots held now.", labels(worker))),
      waiting(registry.gauge("sluice_limits_waiting", "Requests waiting for a slot.", labels(worker))),
      local(registry.gauge("sluice_limits_local", "1 while the node decides by its share, without Redis.",
                           labels(worker))),
      wait_seconds(registry.histogram("sluice_limits_wait_seconds", "How long requests waited for a slot.",
                                      {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60}, labels(worker))) {}

void LimiterMetrics::count(const Outcome& outcome) {
  if (std::holds_alternative<Granted>(outcome.result)) (outcome.local ? granted_locally : granted).Increment();
  if (std::holds_alternative<Waiting>(outcome.result)) queued.Increment();
  const Refused* refused = std::get_if<Refused>(&outcome.result);
  if (refused == nullptr) return;
  switch (refused->kind) {
    case Refused::Kind::kSlots:
      return refused_slots.Increment();
    case Refused::Kind::kRate:
      return refused_rate.Increment();
    case Refused::Kind::kMoney:
      return refused_money.Increment();
    case Refused::Kind::kAccountsFull:
      return refused_accounts.Increment();
    case Refused::Kind::kUnavailable:
      return refused_unavailable.Increment();
  }
}

}  // namespace sluice::limit
