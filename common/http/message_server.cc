#include "common/http/message_server.h"

#include <atomic>
#include <mutex>
#include <optional>

#include "common/io/event.h"
#include "common/io/listener.h"

namespace sluice::http {

std::string_view WholeRequest::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields) {
    if (same_name(field_name, name)) return value;
  }
  return {};
}

struct MessageServer::State {
  State(io::Worker& owner, Handler handle, Refuse refusal_answer, MessageServerOptions wanted)
      : worker(owner), handler(std::move(handle)), refuse(std::move(refusal_answer)), options(wanted) {}

  // A request that waits for its answer. Lives in the session; a late reply finds it gone.
  struct Waiting {
    explicit Waiting(io::Worker& worker) : answered(worker) {}
    io::Event answered;
    std::optional<WholeAnswer> answer;
  };

  static Reply reply_to(const std::shared_ptr<State>& self, const std::shared_ptr<Waiting>& waiting);
  static io::Task<> serve(std::shared_ptr<State> self, io::Stream stream);
  static io::Task<WholeAnswer> answer_request(std::shared_ptr<State> self, WholeRequest request);
  static io::Task<Result<>> handle_request(std::shared_ptr<State> self, ServerConnection& client, WholeRequest request);
  static io::Task<Result<>> stream_answer(std::shared_ptr<State> self, ServerConnection& client,
                                          const WholeAnswer& answer, std::span<const Field> fields);
  static io::Task<Result<>> write_answer(std::shared_ptr<State> self, ServerConnection& client, WholeAnswer answer);

  io::Worker& worker;
  const Handler handler;
  const Refuse refuse;
  const MessageServerOptions options;
  std::optional<io::Listener> listener;
  std::atomic<std::size_t> busy = 0;
  std::size_t connections = 0;
  bool stopping = false;
  std::mutex mutex;
  // Under the mutex:
  bool closed = false;  // the worker may be gone, nothing may be posted any more
  std::vector<std::weak_ptr<AnswerPipe>> pipes;

  // Any thread. False: the server is gone, and the work dropped.
  bool post(std::function<void()> work);
  void keep_pipe(const std::shared_ptr<AnswerPipe>& pipe);
  void leave_pipes();
};

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

void MessageServer::State::keep_pipe(const std::shared_ptr<AnswerPipe>& pipe) {
  const std::scoped_lock lock(mutex);
  std::erase_if(pipes, [](const std::weak_ptr<AnswerPipe>& old) { return old.expired(); });
  pipes.push_back(pipe);
}

void MessageServer::State::leave_pipes() {
  std::vector<std::weak_ptr<AnswerPipe>> all;
  {
    const std::scoped_lock lock(mutex);
    all.swap(pipes);
  }
  for (const std::weak_ptr<AnswerPipe>& weak : all) {
    if (const std::shared_ptr<AnswerPipe> pipe = weak.lock()) pipe->leave();
  }
}

bool MessageServer::State::post(std::function<void()> work) {
  const std::scoped_lock lock(mutex);
  if (!closed) worker.post(std::move(work));
  return !closed;
}

MessageServer::Reply MessageServer::State::reply_to(const std::shared_ptr<State>& self,
                                                    const std::shared_ptr<Waiting>& waiting) {
  return [weak_self = std::weak_ptr(self), weak = std::weak_ptr(waiting)](WholeAnswer answer) {
    const std::shared_ptr<AnswerPipe> pipe = answer.pipe;
    const std::shared_ptr<State> state = weak_self.lock();
    // Known before it is posted: whatever becomes of the session, the end of the server reaches the producer.
    if (state && pipe) state->keep_pipe(pipe);
    const bool posted = state && state->post([weak, answer = std::move(answer)]() mutable {
      const std::shared_ptr<Waiting> held = weak.lock();
      if (held && !held->answer) {
        held->answer = std::move(answer);
        held->answered.set();
      } else if (answer.pipe) {
        answer.pipe->leave();
      }
    });
    if (!posted && pipe) pipe->leave();
  };
}

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

io::Task<Result<>> MessageServer::State::stream_answer(std::shared_ptr<State> self, ServerConnection& client,
                                                       const WholeAnswer& answer, std::span<const Field> fields) {
  const auto wake = std::make_shared<io::Event>(self->worker);
  answer.pipe->attach([weak_self = std::weak_ptr(self), weak = std::weak_ptr(wake)] {
    const std::shared_ptr<State> state = weak_self.lock();
    if (!state) return;
    state->post([weak] {
      if (const std::shared_ptr<io::Event> event = weak.lock()) event->set();
    });
  });
  if (self->stopping) answer.pipe->leave();
  Result<> sent = co_await client.start_stream(answer.status, fields, answer.body);
  if (sent) {
    sent = co_await pump(self->worker, client, *answer.pipe, *wake, self->options.pump);
  } else {
    answer.pipe->leave();
  }
  if (self->stopping) client.close_after_answer();
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
