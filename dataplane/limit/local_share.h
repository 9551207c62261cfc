// How many slots of each scope this node's workers hold: the limit that holds while Redis is away is the node's share
// of it. Counted always, so that the share is right the moment Redis goes. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/limit/scope_counts.h"

namespace sluice::limit {

class LocalShare {
 public:
  // `live_nodes` tells how many nodes share the limits, this one included; called from every worker, 0 counts as 1.
  explicit LocalShare(std::function<unsigned()> live_nodes) : live_nodes_(std::move(live_nodes)) {}

  // floor(limit / live nodes), at least 1.
  [[nodiscard]] std::uint32_t share_of(std::uint32_t limit) const;
  // Counts one more holder of the scope if fewer than its share hold it already.
  [[nodiscard]] bool try_enter(const std::string& scope, std::uint32_t limit) {
    return held_.add_below(scope, share_of(limit));
  }
  // Counts one more holder that Redis has admitted.
  void enter(const std::string& scope) { held_.add(scope); }
  void leave(const std::string& scope) { held_.remove(scope); }
  [[nodiscard]] std::uint32_t held(const std::string& scope) const { return held_.count(scope); }
  // Every scope with that prefix that has holders.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint32_t>> held_below(std::string_view prefix) const {
    return held_.with_prefix(prefix);
  }

 private:
  std::function<unsigned()> live_nodes_;
  ScopeCounts held_;
};

}  // namespace sluice::limit
