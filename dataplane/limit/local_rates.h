// Rates of this node: a leaky bucket (GCRA) per scope, fed by every admission, so that the node's share of a limit is
// right the moment Redis goes away. Limits are per minute; a whole minute's worth may come at once. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/base/clock.h"

namespace sluice::limit {

class LocalRates {
 public:
  // `live_nodes` tells how many nodes share the limits; 0 counts as 1.
  explicit LocalRates(std::function<unsigned()> live_nodes) : live_nodes_(std::move(live_nodes)) {}

  // What is allowed here of `per_minute`, at least 1.
  [[nodiscard]] std::uint32_t share_of(std::uint32_t per_minute) const;
  // Zero if `amount` fits now, else how long until it does. Charges nothing. An amount above the share fits an empty
  // bucket. `rate` such as "user:<id>:tokens".
  [[nodiscard]] std::chrono::milliseconds wait_for(const std::string& rate, std::uint32_t per_minute,
                                                   std::uint32_t amount, SteadyTime now) const;
  // Counts `amount`, which may be negative: a correction. It never owes more than one bucket.
  void charge(const std::string& rate, std::uint32_t per_minute, std::int64_t amount, SteadyTime now);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, SteadyTime> full_until;  // when the bucket is empty again
    std::size_t next_sweep = 1024;                           // forget the empty ones at this size
  };
  [[nodiscard]] Shard& shard(const std::string& rate) const;

  std::function<unsigned()> live_nodes_;
  mutable std::array<Shard, 16> shards_;
};

}  // namespace sluice::limit
