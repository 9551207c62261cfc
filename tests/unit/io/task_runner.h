// Runs coroutines of a test on a worker in the test's own thread, with real sockets and a generous time limit.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "common/io/dialer.h"
#include "common/io/event.h"
#include "common/io/listener.h"
#include "common/io/worker.h"

namespace sluice::io {

[[nodiscard]] inline SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
[[nodiscard]] inline SteadyTime soon() {
  return in(std::chrono::seconds(20));
}

class TaskRunner {
 public:
  Worker& worker() { return worker_; }

  // Once per runner.
  void run(Task<> task) {
    worker_.spawn_background(watchdog(this));
    worker_.spawn_background(run_then_stop(this, std::move(task)));
    worker_.run();
    REQUIRE_FALSE(late_);
    REQUIRE(worker_.session_exceptions() == 0);
  }

 private:
  static Task<> watchdog(TaskRunner* self) {
    const SteadyTime limit = in(std::chrono::seconds(40));
    co_await self->worker_.sleep_until(limit);
    self->late_ = true;
    self->worker_.stop();
  }
  static Task<> run_then_stop(TaskRunner* self, Task<> task) {
    struct Stop {
      ~Stop() { worker.stop(); }
      Worker& worker;
    } const stop{self->worker_};
    co_await std::move(task);
  }

  RealClock clock_;
  Worker worker_{0, clock_};
  bool late_ = false;
};

// Lets everything else that is ready run first.
inline Task<> yield(Worker& worker) {
  Event turn(worker);
  worker.post([&turn] { turn.set(); });
  co_await turn.wait_until(TimerWheel::kNever);
}

// Two ends of one loopback connection.
struct Pair {
  std::optional<Stream> client;
  std::optional<Stream> server;
};

// Runs other tasks until `done()`; gives up after 20 s.
template <class Done>
Task<bool> until(Worker& worker, Done done) {
  const SteadyTime limit = soon();
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) co_return false;
    const SteadyTime next = in(std::chrono::milliseconds(1));
    co_await worker.sleep_until(next);
  }
  co_return true;
}

inline Task<> connect_pair(Worker& worker, Pair& pair) {
  Result<Listener> listener = Listener::open(worker, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  listener->start([&pair](Stream stream) { pair.server.emplace(std::move(stream)); });
  Dialer dialer(worker);
  DialTarget target{.host = "127.0.0.1", .port = listener->port(), .tls = false, .ca_pem = {}};
  Result<Stream> client = co_await dialer.dial(target, soon(), nullptr);
  REQUIRE(client.has_value());
  pair.client.emplace(std::move(*client));
  const bool both = co_await until(worker, [&pair] { return pair.server.has_value(); });
  REQUIRE(both);
}

// Reads to the end of the stream.
inline Task<std::string> read_all(Stream& stream) {
  std::string all;
  char buffer[4096];
  for (;;) {
    Result<std::size_t> got = co_await stream.read_some(buffer, soon());
    if (!got || *got == 0) co_return all;
    all.append(buffer, *got);
  }
}

}  // namespace sluice::io
