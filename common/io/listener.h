// A listening TCP socket of one worker. Several workers may listen on the same port; the kernel spreads connections.
// Used on the worker's thread, or before run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/io/stream.h"
#include "common/io/worker.h"

namespace sluice::io {

class Listener {
 public:
  // `address` is a numeric IPv4 or IPv6 address without brackets; port 0 lets the kernel choose.
  [[nodiscard]] static Result<Listener> open(Worker& worker, const std::string& address, std::uint16_t port);
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();  // closes

  [[nodiscard]] std::uint16_t port() const;

  // Hands every new connection to `on_stream`, which usually spawns a task for it. Called once.
  void start(std::function<void(Stream)> on_stream);
  // Takes what is in the accept queue, then closes: no connection that a client believes in is reset.
  void stop();

  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t failed = 0;  // could not be accepted, mostly for want of descriptors; tried again
  };
  [[nodiscard]] const Counters& counters() const;

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sluice::io
