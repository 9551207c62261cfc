// The open client connections of one worker, for drain: idle ones are closed, busy ones told to end when time is up.
#pragma once

#include <atomic>
#include <cstddef>

#include "common/http/server_connection.h"
#include "dataplane/request/exchange.h"

namespace sluice::request {

class Session;

// One worker's; used on its thread only.
class Sessions {
 public:
  explicit Sessions(Metrics& metrics) : metrics_(metrics) {}

  // From now on answers say "connection: close" and idle connections are closed.
  void drain();
  // Ends running requests with the protocol's own error.
  void end_all();
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] std::size_t open() const { return open_; }
  // Thread-safe.
  [[nodiscard]] std::size_t busy() const { return busy_.load(std::memory_order_relaxed); }

 private:
  friend class Session;
  Metrics& metrics_;
  Session* first_ = nullptr;
  std::size_t open_ = 0;
  std::atomic<std::size_t> busy_ = 0;
  bool draining_ = false;
};

// One connection's place in the list.
class Session {
 public:
  Session(Sessions& sessions, http::ServerConnection& client);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void begin(Exchange& exchange);
  void end();

 private:
  friend class Sessions;
  Sessions& sessions_;
  http::ServerConnection& client_;
  Exchange* exchange_ = nullptr;
  Session* previous_ = nullptr;
  Session* next_ = nullptr;
};

}  // namespace sluice::request
