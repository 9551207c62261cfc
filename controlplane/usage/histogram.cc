#include "controlplane/usage/histogram.h"

#include <cmath>

namespace sluice::usage {

// The smallest value that so many are not above.
std::int64_t Histogram::at(std::int64_t whole, int per_cent) const {
  const std::int64_t wanted = (whole * per_cent + 99) / 100;
  std::int64_t seen = 0;
  for (const auto& [bucket, count] : counts_) {
    seen += count;
    if (seen >= wanted) return std::llround(std::exp2((bucket + 0.5) / 4));
  }
  return 0;
}

Percentiles Histogram::percentiles() const {
  std::int64_t whole = 0;
  for (const auto& [bucket, count] : counts_)
    whole += count;
  if (whole == 0) return {};
  return {.p50_us = at(whole, 50), .p90_us = at(whole, 90), .p95_us = at(whole, 95), .p99_us = at(whole, 99)};
}

}  // namespace sluice::usage
