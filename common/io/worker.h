// A thread with its io_context and everything that belongs to it. Sessions never move between workers, so nothing
// on the request path needs a lock. All members except post() are used on the worker's own thread (or before run()).
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/gate.h"
#include "common/io/task.h"

namespace sluice::io {

class TimerWheel;

class Worker {
 public:
  // `index` counts from 0 and labels metrics.
  Worker(int index, const Clock& clock);
  ~Worker();

  [[nodiscard]] boost::asio::io_context& context();
  [[nodiscard]] TimerWheel& timers();
  [[nodiscard]] const Clock& clock() const;
  [[nodiscard]] int index() const;

  // 64 KiB shared by everything on this worker: valid only until the next suspension.
  [[nodiscard]] std::span<char> scratch();

  // Starts a task that the worker owns: counted in gate(), ends with the worker at the latest. False if the gate is
  // closed: the task is dropped without having run.
  // An exception out of a task is logged and counted (session_exceptions), never lost.
  bool spawn(Task<> task);
  // For tasks that last as long as the worker (listeners, refreshers): not counted, not waited for by drain.
  void spawn_background(Task<> task);
  // Work in flight; closing it refuses new work, which drain waits for.
  [[nodiscard]] Gate& gate();

  // Exceptions that came out of tasks and posted work; each is a fault of ours. Thread-safe.
  [[nodiscard]] std::uint64_t session_exceptions() const;
  // Where to report them, in place of standard error. Set before run().
  void set_exception_log(std::function<void(std::string_view what)> log);

  // Thread-safe: runs `work` on this worker's thread.
  void post(std::function<void()> work);
  // Waits on the worker without blocking it, to the timer wheel's precision.
  [[nodiscard]] Task<> sleep_until(SteadyTime when);

  // Runs until stop(). Called once, on the worker's thread. Tasks still suspended then are destroyed by ~Worker, on
  // the thread that calls it.
  void run();
  // Thread-safe.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::io
