// Runs tasks on a worker's thread from a test, and waits for their results.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/base/clock.h"
#include "common/io/worker.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

class OnWorker {
 public:
  explicit OnWorker(int index = 0) : worker_(std::make_unique<io::Worker>(index, clock_)) {}
  OnWorker(const OnWorker&) = delete;
  OnWorker& operator=(const OnWorker&) = delete;
  ~OnWorker() { stop(); }

  [[nodiscard]] io::Worker& worker() { return *worker_; }
  void start() {
    thread_ = std::thread([this] { worker_->run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    worker_->stop();
    thread_.join();
  }

  // `make` is called on the worker's thread and returns the task.
  template <class Make>
  auto begin(Make make) {
    using Value = typename decltype(make())::value_type;
    auto promise = std::make_shared<std::promise<Value>>();
    auto future = promise->get_future();
    worker_->post([this, make, promise] { worker_->spawn_background(deliver<Value>(make(), promise)); });
    return future;
  }
  template <class Make>
  auto run(Make make) {
    auto future = begin(make);
    if (future.wait_for(kGenerous) != std::future_status::ready) throw std::runtime_error("a task hangs");
    return future.get();
  }
  // Runs a plain function on the worker's thread.
  template <class Function>
  auto call(Function function) {
    std::promise<decltype(function())> promise;
    worker_->post([&] { promise.set_value(function()); });
    return promise.get_future().get();
  }

 private:
  template <class Value>
  static io::Task<> deliver(io::Task<Value> task, std::shared_ptr<std::promise<Value>> promise) {
    Value value = co_await std::move(task);
    promise->set_value(std::move(value));
  }

  RealClock clock_;
  std::unique_ptr<io::Worker> worker_;
  std::thread thread_;
};

}  // namespace sluice::testing
