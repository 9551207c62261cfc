// One thread's event loop: its own listening socket on the shared port, its connections, one clock for all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "tests/fakes/anthropic/connection.h"

namespace sluice::fakes {

// A listening socket (SO_REUSEPORT, non-blocking) or -1 and a message. `port` 0 takes a free one and is set to it.
int listen_on(const std::string& address, std::uint16_t& port, std::string& error);

class Loop {
 public:
  // Takes `listener` over; `tls` may be null. References must outlive this.
  Loop(int listener, SSL_CTX* tls, Responder& responder, Books& books);
  // Runs until the process ends.
  [[noreturn]] void run();

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint64_t generation = 0;
  };
  struct Timer {
    std::uint64_t due;
    std::uint64_t generation;
    int fd;
    bool operator>(const Timer& other) const { return due > other.due; }
  };

  void accept_all();
  void serve(int fd, std::uint32_t events);
  void run_timers();
  // Tells epoll and the timers what the connection waits for now, or destroys it.
  void settle(int fd, bool alive);
  int wait_ms() const;

  int listener_;
  int epoll_;
  SSL_CTX* tls_;
  Responder& responder_;
  Books& books_;
  std::uint64_t now_ = 0;
  std::uint64_t next_generation_ = 1;
  std::vector<Slot> slots_;  // by file descriptor
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace sluice::fakes
