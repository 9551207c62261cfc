// One connection: reads requests, plays their scripts. Used by its loop's thread only; knows no epoll: it tells the
// loop what it waits for.
#pragma once

#include <cstdint>
#include <string>

#include "tests/fakes/anthropic/books.h"
#include "tests/fakes/anthropic/http_request.h"
#include "tests/fakes/anthropic/responder.h"
#include "tests/fakes/anthropic/script.h"
#include "tests/fakes/anthropic/transport.h"

namespace sluice::fakes {

class Connection {
 public:
  // References must outlive this.
  Connection(int fd, SSL_CTX* tls, Responder& responder, Books& books);
  ~Connection();

  // Each runs the connection as far as it gets; false: it is over and must be destroyed. Times are monotonic ms.
  bool on_readable(std::uint64_t now);
  bool on_writable(std::uint64_t now);
  bool on_due(std::uint64_t now);

  bool wants_write() const { return sent_ < out_.size(); }
  // When the next step is due; 0: nothing is waited for.
  std::uint64_t due() const { return waiting_ ? due_ : 0; }
  // What the loop last told epoll and its timers, so that it only tells changes.
  bool write_armed = false;
  std::uint64_t armed_due = 0;

 private:
  bool advance(std::uint64_t now);
  bool start_request(std::uint64_t now, bool& started);
  void queue_steps(std::uint64_t now);
  bool flush();
  bool finish_script();

  Transport transport_;
  Responder& responder_;
  Books& books_;
  std::string in_;
  HttpRequest request_;
  bool continue_sent_ = false;
  bool playing_ = false;
  bool keep_alive_ = true;
  bool waiting_ = false;        // for due_
  bool delay_counted_ = false;  // the next step's delay is in due_
  std::uint64_t due_ = 0;
  Script script_;
  std::size_t step_ = 0;
  std::uint64_t deltas_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
};

}  // namespace sluice::fakes
