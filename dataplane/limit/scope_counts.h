// Counts by scope ("user:<id>", "account:<id>") over all workers of the node. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::limit {

class ScopeCounts {
 public:
  void add(const std::string& scope);
  // Adds one if fewer than `bound` are counted.
  [[nodiscard]] bool add_below(const std::string& scope, std::uint32_t bound);
  void remove(const std::string& scope);
  [[nodiscard]] std::uint32_t count(const std::string& scope) const;
  // Every scope with that prefix that is not at 0.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint32_t>> with_prefix(std::string_view prefix) const;

 private:
  // Scopes are spread over shards, so that workers seldom meet at one lock.
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::uint32_t> counts;
  };
  [[nodiscard]] Shard& shard(const std::string& scope) const;

  mutable std::array<Shard, 16> shards_;
};

}  // namespace sluice::limit
