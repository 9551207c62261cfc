// Which requests a worker takes that gets more than it can serve: about as many as it finishes, so that the others
// cost little and those it takes are served in time. Plain code; one worker's.
//
// Overload begins when everything on the loop has waited longer than the limit, twice in a row. From then on requests
// are taken at the rate at which they are finished, a little less while the delay is above half of the limit, a little
// more below that. It ends when the delay is below a quarter of it and nothing had to be refused.
#pragma once

#include <chrono>

#include "common/base/clock.h"

namespace sluice::request {

class ShedControl {
 public:
  explicit ShedControl(std::chrono::nanoseconds limit) : limit_(limit) {}

  // Whether to take one more request. `chance` is random in [0, 1): a tenth is taken whatever happens, so that the end
  // of the rush is noticed.
  [[nodiscard]] bool takes(SteadyTime now, double chance);
  // A request that was taken is over.
  void finished() { ++finished_; }
  // Regularly, also without overload.
  void measured(std::chrono::nanoseconds delay, SteadyTime now);

  [[nodiscard]] bool overloaded() const { return overloaded_; }
  // Share of the requests refused between the last two measurements.
  [[nodiscard]] double share() const { return share_; }

 private:
  [[nodiscard]] double factor(std::chrono::nanoseconds delay) const;

  const std::chrono::nanoseconds limit_;
  SteadyTime last_measured_{};
  SteadyTime last_filled_{};
  double finished_ = 0;  // since the last measurement
  double taken_ = 0;
  double refused_ = 0;
  double share_ = 0;
  double finish_rate_ = 0;  // per second, smoothed
  double take_rate_ = 0;    // per second, while overloaded
  double allowance_ = 0;    // requests that may be taken now
  int above_ = 0;           // measurements in a row above the limit
  bool overloaded_ = false;
};

}  // namespace sluice::request
