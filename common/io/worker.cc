#include "common/io/worker.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>

#include "common/io/event.h"
#include "common/io/timer_wheel.h"

namespace sluice::io {

namespace {

std::string describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

void log_to_stderr(std::string_view what) {
  fmt::print(stderr, "sluice: exception in a session: {}\n", what);
}

}  // namespace

struct Worker::State {
  State(int number, const Clock& time) : index(number), clock(time), wheel(time.steady()) {}

  void report(const std::exception_ptr& exception) {
    exceptions.fetch_add(1, std::memory_order_relaxed);
    log(describe(exception));
  }
  void tick() {
    ticker.expires_after(TimerWheel::kTick);
    ticker.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      tick();
      wheel.advance(clock.steady());
    });
  }

  // Suspended tasks are destroyed with the io_context: what they use stands before it.
  const int index;
  const Clock& clock;
  std::atomic<std::uint64_t> exceptions = 0;
  std::function<void(std::string_view)> log = log_to_stderr;
  alignas(64) std::array<char, 64 * 1024> scratch;
  Gate gate;
  TimerWheel wheel;
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<Executor> keep_running{context.get_executor()};
  boost::asio::steady_timer ticker{context};
};

Worker::Worker(int index, const Clock& clock) {
  // OpenSSL and other libraries write to sockets without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  state_ = std::make_unique<State>(index, clock);
}

Worker::~Worker() = default;

boost::asio::io_context& Worker::context() {
  return state_->context;
}
TimerWheel& Worker::timers() {
  return state_->wheel;
}
const Clock& Worker::clock() const {
  return state_->clock;
}
int Worker::index() const {
  return state_->index;
}
std::span<char> Worker::scratch() {
  return state_->scratch;
}
Gate& Worker::gate() {
  return state_->gate;
}

std::uint64_t Worker::session_exceptions() const {
  return state_->exceptions.load(std::memory_order_relaxed);
}

void Worker::set_exception_log(std::function<void(std::string_view what)> log) {
  state_->log = std::move(log);
}

bool Worker::spawn(Task<> task) {
  Gate::Pass pass = state_->gate.enter();
  if (!pass) return false;
  auto done = [state = state_.get(), held = std::move(pass)](const std::exception_ptr& exception) {
    if (exception) state->report(exception);
  };
  boost::asio::co_spawn(state_->context.get_executor(), std::move(task), std::move(done));
  return true;
}

void Worker::spawn_background(Task<> task) {
  auto done = [state = state_.get()](const std::exception_ptr& exception) {
    if (exception) state->report(exception);
  };
  boost::asio::co_spawn(state_->context.get_executor(), std::move(task), std::move(done));
}

void Worker::post(std::function<void()> work) {
  boost::asio::post(state_->context.get_executor(), std::move(work));
}

Task<> Worker::sleep_until(SteadyTime when) {
  Event never(*this);
  co_await never.wait_until(when);
}

void Worker::run() {
  state_->tick();
  for (;;) {
    try {
      state_->context.run();
      return;
    } catch (...) {
      state_->report(std::current_exception());
    }
  }
}

void Worker::stop() {
  state_->context.stop();
}

}  // namespace sluice::io
