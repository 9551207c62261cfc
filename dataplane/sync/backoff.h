// When a node dials again. After losing a good stream it waits a random part of the spread that the control plane
// named, so that a restart of the control plane is not met by every node at once; otherwise full jitter between 0.5 and
// 30 s. Only a minute of health resets the growth. Plain value.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace sluice::sync {

// A random number below its argument (> 0), as sluice::random_below.
using Random = std::function<std::uint64_t(std::uint64_t)>;

class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds kFirst{500}, kLongest{30'000}, kHealthy{60'000};

  explicit Backoff(Random random) : random_(std::move(random)) {}

  // After a stream that had been good for `healthy`.
  [[nodiscard]] Milliseconds after_good_stream(Milliseconds healthy, Milliseconds spread) {
    if (healthy >= kHealthy) failures_ = 0;
    return Milliseconds(random_(static_cast<std::uint64_t>(spread.count()) + 1));
  }
  // After a stream that never was good.
  [[nodiscard]] Milliseconds after_failure() {
    const Milliseconds most = std::min(kLongest, kFirst * (std::int64_t{1} << failures_));
    failures_ = std::min(failures_ + 1, 10);
    return std::max(kFirst, Milliseconds(random_(static_cast<std::uint64_t>(most.count()) + 1)));
  }

 private:
  Random random_;
  int failures_ = 0;
};

}  // namespace sluice::sync
