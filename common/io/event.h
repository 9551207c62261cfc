// A flag that tasks of one worker can wait for, with a time limit to the wheel's precision. Must outlive its waiters.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>

#include "common/base/clock.h"
#include "common/io/task.h"
#include "common/io/timer_wheel.h"
#include "common/io/worker.h"

namespace sluice::io {

class Event {
 public:
  explicit Event(Worker& worker);

  // True once set; false when `deadline` passed before.
  [[nodiscard]] Task<bool> wait_until(SteadyTime deadline);
  // Wakes all waiters and lets later ones pass.
  void set();
  void reset() { set_ = false; }
  [[nodiscard]] bool is_set() const { return set_; }

 private:
  // Asio owns the suspended waiters, so that they end with the io_context; the timer itself never expires.
  using Sleepers = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                     boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Limit;

  Worker& worker_;
  Sleepers sleepers_;
  bool set_ = false;
};

}  // namespace sluice::io
