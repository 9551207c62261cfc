// Serves whole messages: reads each request with its body, hands it to a function and writes the answer that the
// function gives, at once or later and from any thread; an answer may go on through a pipe. Callers write no
// coroutines. Make, start and destroy it on one thread while the worker does not run, or on the worker's own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/http/answer_pipe.h"
#include "common/http/answer_pump.h"
#include "common/http/refusal.h"
#include "common/http/server_connection.h"
#include "common/io/worker.h"

namespace sluice::http {

using OwnedField = std::pair<std::string, std::string>;

struct WholeRequest {
  std::string method;
  std::string path;   // not decoded
  std::string query;  // without '?', not decoded
  std::vector<OwnedField> fields;
  std::string body;

  // The first field of that name, or "".
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

struct WholeAnswer {
  unsigned status = 200;
  std::vector<OwnedField> fields;  // without framing fields
  std::string body;
  // Set: the answer has no length; what comes out of the pipe follows the body, until its end.
  std::shared_ptr<AnswerPipe> pipe = nullptr;
};

struct MessageServerOptions {
  ServerLimits limits = {};
  std::size_t max_body_bytes = 1024 * 1024;
  // Further connections are closed at once.
  std::size_t max_connections = 1000;
  // A request without an answer after this long gets 504.
  std::chrono::milliseconds answer_time{60'000};
  // Of answers that go on.
  PumpOptions pump = {};
};

class MessageServer {
 public:
  // Any thread, once; also after the server is gone, then it does nothing. Without a call the client gets 504.
  using Reply = std::function<void(WholeAnswer)>;
  // Called on the worker's thread; must not block.
  using Handler = std::function<void(WholeRequest, Reply)>;
  // The answer to what no handler sees: bad framing, too large, no answer in time.
  using Refuse = std::function<WholeAnswer(const Refusal&)>;

  // `address` as in io::Listener::open. The worker outlives the server.
  [[nodiscard]] static Result<MessageServer> open(io::Worker& worker, const std::string& address, std::uint16_t port,
                                                  Handler handler, Refuse refuse, MessageServerOptions options = {});
  MessageServer(MessageServer&&) noexcept;
  MessageServer& operator=(MessageServer&&) = delete;
  ~MessageServer();

  [[nodiscard]] std::uint16_t port() const;
  // Accepts no more connections; those there are end with their next answer, and answers that go on end now. On the
  // worker's thread.
  void stop();
  // Requests that were read and whose answer is not written. Any thread.
  [[nodiscard]] std::size_t busy() const;

 private:
  struct State;
  explicit MessageServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sluice::http
