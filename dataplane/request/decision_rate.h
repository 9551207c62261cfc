// Bounds how many decision records a worker writes to the journal: a client that hammers a limit must not fill the disk
// with reasons. One worker.
#pragma once

#include "common/base/clock.h"

namespace sluice::request {

class DecisionRate {
 public:
  static constexpr int kPerSecond = 50;

  // False: this one is only kept in the ring.
  [[nodiscard]] bool take(SteadyTime now) {
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      taken_ = 0;
    }
    return taken_++ < kPerSecond;
  }

 private:
  SteadyTime second_{};
  int taken_ = 0;
};

}  // namespace sluice::request
