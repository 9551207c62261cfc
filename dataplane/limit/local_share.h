// How many slots of each scope this node's workers hold: the limit that holds while Redis is away is the node's share
// of it. Counted always, so that the share is right the moment Redis goes. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::limit {

class LocalShare {
 public:
  // `live_nodes` tells how many nodes share the limits, this one included; called from every worker, 0 counts as 1.
  explicit LocalShare(std::function<unsigned()> live_nodes) : live_nodes_(std::move(live_nodes)) {}

  // floor(limit / live nodes), at least 1.
  [[nodiscard]] std::uint32_t share_of(std::uint32_t limit) const;
  // Counts one more holder of the scope if fewer than its share hold it already.
  [[nodiscard]] bool try_enter(const std::string& scope, std::uint32_t limit);
  // Counts one more holder that Redis has admitted.
  void enter(const std::string& scope);
  void leave(const std::string& scope);
  [[nodiscard]] std::uint32_t held(const std::string& scope) const;
  // Every scope with that prefix that has holders.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint32_t>> held_below(std::string_view prefix) const;

 private:
  // Scopes are spread over shards, so that workers seldom meet at one lock.
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::uint32_t> held;
  };
  [[nodiscard]] Shard& shard(const std::string& scope) const;

  std::function<unsigned()> live_nodes_;
  mutable std::array<Shard, 16> shards_;
};

}  // namespace sluice::limit
