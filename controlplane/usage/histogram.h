// Latencies by bucket, and what they say of percentiles. 0021_usage_rollups.sql has the buckets. Plain value.
#pragma once

#include <cstdint>
#include <map>

namespace sluice::usage {

// Microseconds, at most 9.1 % off; 0 if nothing was counted.
struct Percentiles {
  std::int64_t p50_us = 0, p90_us = 0, p95_us = 0, p99_us = 0;
};

class Histogram {
 public:
  void add(std::int32_t bucket, std::int64_t count) { counts_[bucket] += count; }
  [[nodiscard]] Percentiles percentiles() const;

 private:
  [[nodiscard]] std::int64_t at(std::int64_t whole, int per_cent) const;

  std::map<std::int32_t, std::int64_t> counts_;
};

}  // namespace sluice::usage
