// What one node's workers know together, so that the node's share is right the moment Redis goes away. Thread-safe.
#pragma once

#include <functional>

#include "dataplane/limit/local_rates.h"
#include "dataplane/limit/local_share.h"
#include "dataplane/limit/node_money.h"
#include "dataplane/limit/scope_counts.h"

namespace sluice::limit {

struct NodeLimits {
  // `live_nodes` tells how many nodes share the limits, this one included; called from every worker, 0 counts as 1.
  explicit NodeLimits(std::function<unsigned()> live_nodes) : share(live_nodes), rates(live_nodes), money(live_nodes) {}

  LocalShare share;
  ScopeCounts waiting;  // places in queues; a request may stand in several
  LocalRates rates;
  NodeMoney money;
};

}  // namespace sluice::limit
