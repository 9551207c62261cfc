// Counts answers that come within the time that counts.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/bench/load/client.h"

namespace sluice::bench {

class Tally {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Tally(const LoadOptions& options) : options_(options), start_(Clock::now()) {}

  [[nodiscard]] Clock::time_point start() const { return start_; }
  [[nodiscard]] bool counts() const { return Clock::now() >= start_ + options_.warm_up; }
  LoadResult result;

  void answer(const Answer& answer) {
    if (!counts()) return;
    ++result.answers;
    ++result.statuses[answer.status];
    result.body_bytes += answer.body_bytes;
    result.whole_us.push_back(answer.whole_us);
    const bool late = options_.deadline.count() > 0 && std::chrono::microseconds(answer.whole_us) > options_.deadline;
    if (answer.status == 200 && !late) ++result.good;
  }
  [[nodiscard]] LoadResult take() {
    result.seconds = std::chrono::duration<double>(Clock::now() - start_ - options_.warm_up).count();
    return std::move(result);
  }

 private:
  const LoadOptions& options_;
  const Clock::time_point start_;
};

}  // namespace sluice::bench
