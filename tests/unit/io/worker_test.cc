#include "common/io/worker.h"

#include <future>
#include <stdexcept>
#include <thread>

#include "common/io/event.h"
#include "tests/unit/io/task_runner.h"

namespace sluice::io {
namespace {

Task<> throws() {
  throw std::runtime_error("a fault");
  co_return;
}

Task<> nothing() {
  co_return;
}

Task<> wait_for_ever(Event& event, bool& destroyed) {
  struct Mark {
    ~Mark() { flag = true; }
    bool& flag;
  } const mark{destroyed};
  co_await event.wait_until(TimerWheel::kNever);
}

TEST_CASE("exceptions of tasks and of posted work are counted and logged, and the worker goes on") {
  RealClock clock;
  Worker worker(3, clock);
  CHECK(worker.index() == 3);
  std::vector<std::string> log;
  worker.set_exception_log([&](std::string_view what) {
    log.emplace_back(what);
    if (log.size() == 3) worker.stop();
  });
  worker.post([] { throw std::runtime_error("of posted work"); });
  CHECK(worker.spawn(throws()));
  worker.spawn_background(throws());
  worker.run();
  CHECK(worker.session_exceptions() == 3);
  CHECK(log == std::vector<std::string>{"of posted work", "a fault", "a fault"});
  CHECK(worker.gate().inside() == 0);
}

TEST_CASE("the gate counts tasks and refuses them once closed") {
  RealClock clock;
  Worker worker(0, clock);
  Event event(worker);
  bool destroyed = false;
  CHECK(worker.spawn(wait_for_ever(event, destroyed)));
  CHECK(worker.gate().inside() == 1);
  worker.gate().close([&worker] { worker.stop(); });
  CHECK_FALSE(worker.spawn(nothing()));
  worker.post([&event] { event.set(); });
  worker.run();
  CHECK(destroyed);
  CHECK(worker.gate().inside() == 0);
}

Task<> sleep_for_ever(Worker& worker, bool& started, bool& destroyed) {
  struct Mark {
    ~Mark() { flag = true; }
    bool& flag;
  } const mark{destroyed};
  started = true;
  co_await worker.sleep_until(TimerWheel::kNever);
}

Task<> stop_when(Worker& worker, const bool& started) {
  while (!started) {
    const SteadyTime next = in(std::chrono::milliseconds(1));
    co_await worker.sleep_until(next);
  }
  worker.stop();
}

TEST_CASE("tasks that are still suspended end with the worker") {
  RealClock clock;
  bool started = false;
  bool destroyed = false;
  {
    Worker worker(0, clock);
    CHECK(worker.spawn(sleep_for_ever(worker, started, destroyed)));
    worker.spawn_background(stop_when(worker, started));
    worker.run();
    CHECK(started);
    CHECK_FALSE(destroyed);
  }
  CHECK(destroyed);
}

TEST_CASE("post works from other threads") {
  RealClock clock;
  Worker worker(0, clock);
  std::thread thread([&worker] { worker.run(); });
  std::promise<std::thread::id> where;
  worker.post([&where] { where.set_value(std::this_thread::get_id()); });
  CHECK(where.get_future().get() == thread.get_id());
  worker.stop();
  thread.join();
}

Task<> sleep_and_events(Worker& worker) {
  const SteadyTime when = in(std::chrono::milliseconds(130));
  co_await worker.sleep_until(when);
  CHECK(std::chrono::steady_clock::now() >= when);

  Event event(worker);
  const bool missed = co_await event.wait_until(in(std::chrono::milliseconds(30)));
  CHECK_FALSE(missed);
  worker.post([&event] { event.set(); });
  const bool met = co_await event.wait_until(soon());
  CHECK(met);
  const bool still = co_await event.wait_until(in(std::chrono::milliseconds(0)));
  CHECK(still);
  event.reset();
  const bool gone = co_await event.wait_until(in(std::chrono::milliseconds(0)));
  CHECK_FALSE(gone);
}

TEST_CASE("sleeping and waiting for events keep to their limits") {
  TaskRunner runner;
  runner.run(sleep_and_events(runner.worker()));
}

}  // namespace
}  // namespace sluice::io
