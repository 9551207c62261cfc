#include "dataplane/request/shed_control.h"

#include <algorithm>

namespace sluice::request {

namespace {

constexpr double kAlwaysTaken = 0.1;
constexpr double kNewWeight = 0.3;   // of the newest measurement in the smoothed rate
constexpr double kLongestRun = 0.1;  // seconds' worth of requests that may be taken at once
// Of the rate at which requests are finished.
constexpr double kFarAbove = 0.8;
constexpr double kAbove = 0.95;
constexpr double kBelow = 1.1;
constexpr double kFarBelow = 1.3;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

double ShedControl::factor(std::chrono::nanoseconds delay) const {
  if (delay > limit_) return kFarAbove;
  if (delay > limit_ / 2) return kAbove;
  return delay > limit_ / 4 ? kBelow : kFarBelow;
}

bool ShedControl::takes(SteadyTime now, double chance) {
  if (overloaded_) {
    const double most = std::max(1.0, take_rate_ * kLongestRun);
    allowance_ = std::min(most, allowance_ + take_rate_ * seconds(now - last_filled_));
    last_filled_ = now;
    if (allowance_ < 1 && chance >= kAlwaysTaken) {
      ++refused_;
      return false;
    }
    allowance_ = std::max(0.0, allowance_ - 1);
  }
  ++taken_;
  return true;
}

void ShedControl::measured(std::chrono::nanoseconds delay, SteadyTime now) {
  const double passed = seconds(now - last_measured_);
  if (last_measured_ != SteadyTime{} && passed > 0) {
    finish_rate_ += kNewWeight * (finished_ / passed - finish_rate_);
  }
  last_measured_ = now;
  const bool refused = refused_ > 0;
  share_ = refused ? refused_ / (refused_ + taken_) : 0;
  finished_ = taken_ = refused_ = 0;

  above_ = delay > limit_ ? above_ + 1 : 0;
  if (!overloaded_ && above_ >= 2) {
    overloaded_ = true;
    last_filled_ = now;
    allowance_ = 0;
  } else if (overloaded_ && delay < limit_ / 4 && !refused) {
    overloaded_ = false;
  }
  take_rate_ = finish_rate_ * factor(delay);
}

}  // namespace sluice::request
