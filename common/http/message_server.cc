#include "common/http/message_server.h"

#include <utility>

#include "common/http/message_server_state.h"

namespace sluice::http {

std::string_view WholeRequest::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields) {
    if (same_name(field_name, name)) return value;
  }
  return {};
}

namespace {

class Counted {
 public:
  template <class Number>
  explicit Counted(Number& number) : leave_([&number] { --number; }) {
    ++number;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { leave_(); }

 private:
  std::function<void()> leave_;
};

WholeRequest take_request(const RequestHead& head, std::string body) {
  WholeRequest request{.method = std::string(head.method),
                       .path = std::string(head.path),
                       .query = std::string(head.query),
                       .fields = {},
                       .body = std::move(body)};
  for (const Field& field : head.fields)
    request.fields.emplace_back(field.name, field.value);
  return request;
}

}  // namespace

io::Task<WholeAnswer> MessageServer::State::answer_request(std::shared_ptr<State> self, WholeRequest request) {
  const auto waiting = std::make_shared<Waiting>(self->worker);
  self->handler(std::move(request), reply_to(self, waiting));
  const bool answered =
      co_await waiting->answered.wait_until(self->worker.clock().steady() + self->options.answer_time);
  if (!answered) co_return self->refuse({504, "the request took too long"});
  co_return std::move(*waiting->answer);
}

io::Task<Result<>> MessageServer::State::write_answer(std::shared_ptr<State> self, ServerConnection& client,
                                                      WholeAnswer answer) {
  if (self->stopping) client.close_after_answer();
  std::vector<Field> fields;
  for (const auto& [name, value] : answer.fields)
    fields.push_back({name, value});
  Result<> sent;
  if (answer.pipe) {
    sent = co_await stream_answer(self, client, answer, fields);
  } else {
    sent = co_await client.respond(answer.status, fields, answer.body);
  }
  co_return sent;
}

// Busy until the answer is written: who waits for that may stop the worker at once.
io::Task<Result<>> MessageServer::State::handle_request(std::shared_ptr<State> self, ServerConnection& client,
                                                        WholeRequest request) {
  const Counted busy(self->busy);
  WholeAnswer answer = co_await answer_request(self, std::move(request));
  Result<> sent = co_await write_answer(self, client, std::move(answer));
  co_return sent;
}

io::Task<> MessageServer::State::serve(std::shared_ptr<State> self, io::Stream stream) {
  const Counted counted(self->connections);
  ServerConnection client(self->worker, std::move(stream), self->options.limits);
  for (;;) {
    const ServerConnection::Next next = co_await client.next_request();
    if (next == ServerConnection::Next::kClosed) co_return;
    Result<std::string> body = fail(ErrorCode::kInvalidArgument, "");
    if (next == ServerConnection::Next::kRequest) body = co_await client.read_body(self->options.max_body_bytes);
    if (!body && body.error().code != ErrorCode::kInvalidArgument) co_return;
    Result<> sent;
    if (body) {
      sent = co_await handle_request(self, client, take_request(client.head(), std::move(*body)));
    } else {
      sent = co_await write_answer(self, client, self->refuse(client.refusal()));
    }
    if (!sent) co_return;
  }
}

Result<MessageServer> MessageServer::open(io::Worker& worker, const std::string& address, std::uint16_t port,
                                          Handler handler, Refuse refuse, MessageServerOptions options) {
  Result<io::Listener> listener = io::Listener::open(worker, address, port);
  if (!listener) return std::unexpected(listener.error());
  auto state = std::make_shared<State>(worker, std::move(handler), std::move(refuse), options);
  state->listener.emplace(std::move(*listener));
  state->listener->start([weak = std::weak_ptr(state)](io::Stream stream) {
    const std::shared_ptr<State> self = weak.lock();
    if (!self || self->connections >= self->options.max_connections) return;
    self->worker.spawn(State::serve(self, std::move(stream)));
  });
  return MessageServer(std::move(state));
}

MessageServer::MessageServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
MessageServer::MessageServer(MessageServer&&) noexcept = default;

MessageServer::~MessageServer() {
  if (!state_) return;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->closed = true;
  }
  state_->leave_pipes();
  state_->listener.reset();
}

std::uint16_t MessageServer::port() const {
  return state_->listener->port();
}

void MessageServer::stop() {
  state_->stopping = true;
  state_->listener->stop();
  state_->leave_pipes();
}

std::size_t MessageServer::busy() const {
  return state_->busy.load();
}

}  // namespace sluice::http
