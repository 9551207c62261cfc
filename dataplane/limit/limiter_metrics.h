// What one worker's limiter counts. Any thread.
#pragma once

#include <string_view>

#include "common/observe/metrics.h"
#include "dataplane/limit/demand.h"

namespace sluice::limit {

struct LimiterMetrics {
  LimiterMetrics(observe::MetricsRegistry& registry, int worker);

  // One answer of admit().
  void count(const Outcome& outcome);

  observe::Counter& granted;
  observe::Counter& granted_locally;
  observe::Counter& queued;
  observe::Counter& refused_slots;
  observe::Counter& refused_rate;
  observe::Counter& refused_money;
  observe::Counter& refused_accounts;
  observe::Counter& refused_unavailable;
  observe::Counter& extensions_refused;
  observe::Counter& handed_over;
  observe::Counter& releases_dropped;
  observe::Counter& epochs;
  observe::Gauge& held;
  observe::Gauge& waiting;
  observe::Gauge& local;
  observe::Histogram& wait_seconds;
};

}  // namespace sluice::limit
