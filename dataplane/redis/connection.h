// One connection to Redis: hiredis driven by Asio. Only for dataplane/redis. One worker.
//
// hiredis owns the descriptor and frees its context by itself whenever the connection ends; the context is gone once
// `context_` is null, which must be looked at after every call into hiredis.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/io/event.h"
#include "common/io/task.h"
#include "dataplane/redis/reply.h"

struct redisAsyncContext;

namespace sluice::redis {

// A command that somebody waits for. Shared: its waiter may leave before the reply comes.
struct Call {
  Call(io::Worker& worker, SteadyTime limit) : finished(worker), asked(worker.clock().steady()), deadline(limit) {}
  void finish(Result<Reply> outcome) {
    if (result) return;
    result = std::move(outcome);
    finished.set();
  }
  io::Event finished;
  SteadyTime asked;
  SteadyTime deadline;  // moves by what the command waited on our side before it was written
  std::optional<Result<Reply>> result;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Address {
    std::string unix_path;  // or:
    std::string ip;         // numeric, so that hiredis does not block in the resolver
    std::uint16_t port = 0;
  };
  // `on_closed` runs once, with the cause, when the connection has ended or could not be made; not after close().
  [[nodiscard]] static Result<std::shared_ptr<Connection>> open(io::Worker& worker, const Address& address,
                                                                std::function<void(std::string cause)> on_closed);
  ~Connection();

  // Queues a command; all commands of a loop turn go out in one write. `call` may be null: the reply is dropped.
  // False if the connection is closed; then `call` is untouched.
  bool send(std::span<const std::string_view> arguments, std::shared_ptr<Call> call);
  // Subscribes, also again, which is how a silent connection is probed: from the first time on nothing else may be
  // sent. `on_push` gets "subscribe" for every channel that Redis has confirmed, and "message" with its text; it must
  // not destroy the connection. False if the connection is closed.
  using OnPush = std::function<void(std::string_view kind, std::string_view channel, std::string_view text)>;
  bool subscribe(std::span<const std::string> channels, OnPush on_push);
  // Takes in what has come already, without waiting for the loop to say so.
  void hear();
  // Ends the connection; calls without a reply finish with kClosed.
  void close();

  // Calls in the order in which they were sent, those that were given up included; null where nobody waits.
  [[nodiscard]] const std::deque<std::shared_ptr<Call>>& unanswered() const { return unanswered_; }
  // When the last reply came, or the connection was opened.
  [[nodiscard]] SteadyTime last_heard() const { return last_heard_; }

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<io::Executor>;
  struct Hooks;

  explicit Connection(io::Worker& worker);
  void attach(redisAsyncContext* context);
  void want_write();
  void flush();
  void move_deadlines();
  void wait_writable();
  void wait_readable();
  void on_reply(void* reply);
  void on_pushed(void* reply);

  io::Worker& worker_;
  Descriptor descriptor_;
  redisAsyncContext* context_ = nullptr;
  std::function<void(std::string)> on_closed_;
  OnPush on_push_;
  std::deque<std::shared_ptr<Call>> unanswered_;
  std::size_t unwritten_ = 0;  // the last calls of those, which wait for the flush at the end of the turn
  SteadyTime last_heard_;
  bool connected_ = false;
  bool wants_read_ = false;
  bool wants_write_ = false;
  bool reading_ = false;  // a wait is under way
  bool writing_ = false;  // a wait or a flush is under way
};

}  // namespace sluice::redis
