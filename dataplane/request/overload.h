// Keeps a worker useful when more comes than it can serve: refuses a share of new requests early and cheaply, so that
// those it takes are served in time, and bounds the memory of request bodies. One per worker, used on its thread.
#pragma once

#include <cstddef>

#include "common/io/loop_probe.h"
#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/request/shed_control.h"

namespace sluice::request {

struct OverloadLimits {
  std::size_t connections = 20'000;               // of one worker; more are closed at once
  std::size_t body_bytes = 256ULL * 1024 * 1024;  // of all requests of one worker that have not been answered yet
  std::chrono::milliseconds loop_delay{250};      // what is ready waits longer than that: overload
};

class Overload {
 public:
  Overload(io::Worker& worker, OverloadLimits limits, observe::MetricsRegistry& metrics);

  // Measures the loop from now on. Called once; ends with the worker.
  void start();

  [[nodiscard]] bool takes_connection(std::size_t open);

  // That one request was taken; over when destroyed.
  class Taken {
   public:
    Taken() = default;
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() {
      if (overload_ != nullptr) overload_->control_.finished();
    }
    // False if this request is one of those to refuse now.
    [[nodiscard]] bool take(Overload& overload);

   private:
    Overload* overload_ = nullptr;
  };

  // Room for the body of one request; given back when destroyed.
  class Room {
   public:
    Room() = default;
    Room(Room&& other) noexcept;
    Room& operator=(Room&& other) noexcept;
    ~Room() { give_back(); }
    // False, and nothing is taken, if the bodies of this worker would need too much.
    [[nodiscard]] bool take(Overload& overload, std::size_t bytes);
    void give_back();

   private:
    Overload* overload_ = nullptr;
    std::size_t bytes_ = 0;
  };

 private:
  static io::Task<> measure(Overload* self);

  io::Worker& worker_;
  const OverloadLimits limits_;
  io::LoopProbe probe_;
  ShedControl control_;
  observe::Counter& shed_;
  observe::Counter& no_room_;
  observe::Counter& connections_refused_;
  observe::Gauge& share_gauge_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::request
