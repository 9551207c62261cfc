// Keeps a worker useful when more comes than it can serve: refuses a share of new requests early and cheaply, so that
// those it takes are served in time, and bounds the memory of request bodies. One per worker, used on its thread.
#pragma once

#include <cstddef>

#include "common/io/worker.h"
#include "common/observe/metrics.h"

namespace sluice::request {

struct OverloadLimits {
  std::size_t connections = 20'000;               // of one worker; more are closed at once
  std::size_t body_bytes = 256ULL * 1024 * 1024;  // of all requests of one worker that have not been answered yet
  std::chrono::milliseconds loop_delay{250};      // a loop turn that takes longer is overload
};

class Overload {
 public:
  Overload(io::Worker& worker, OverloadLimits limits, observe::MetricsRegistry& metrics);

  // Measures the loop from now on. Called once; ends with the worker.
  void start();

  // Whether this request is one of those to refuse now.
  [[nodiscard]] bool sheds();
  [[nodiscard]] bool takes_connection(std::size_t open);

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
  void adapt(std::chrono::nanoseconds delay);

  io::Worker& worker_;
  const OverloadLimits limits_;
  observe::Counter& shed_;
  observe::Counter& no_room_;
  observe::Counter& connections_refused_;
  observe::Gauge& share_gauge_;
  std::size_t bytes_ = 0;
  unsigned share_ = 0;  // of new requests that are refused, in percent
};

}  // namespace sluice::request
