#include "tests/conformance/echo_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>

#include "common/io/listener.h"
#include "common/io/worker.h"

namespace sluice::http {

struct EchoServer::State {
  explicit State(ServerLimits allowed) : limits(allowed) {}

  void note(const RequestHead& head, const std::string& body) {
    const std::scoped_lock lock(mutex);
    dispatched.push_back({std::string(head.method), std::string(head.path), body});
  }

  const ServerLimits limits;
  RealClock clock;
  io::Worker worker{0, clock};
  std::unique_ptr<io::Listener> listener;
  std::atomic<int> sessions = 0;
  std::mutex mutex;
  std::vector<Dispatched> dispatched;
};

namespace {

// Counts a session for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::atomic<int>& count_;
};

constexpr std::array<Field, 1> kText{{{"content-type", "text/plain"}}};

io::Task<> answer_refusal(ServerConnection& client) {
  const std::string body = client.refusal().message + "\n";
  co_await client.respond(client.refusal().status, kText, body);
}

io::Task<> answer_stream(ServerConnection& client, std::string body) {
  constexpr std::size_t kPiece = 16;
  Result<> sent = co_await client.start_stream(200, kText, std::string_view(body).substr(0, kPiece));
  std::size_t at = std::min(kPiece, body.size());
  while (sent && body.size() - at > kPiece) {
    sent = co_await client.write_chunk(std::string_view(body).substr(at, kPiece));
    at += kPiece;
  }
  if (sent) co_await client.end_stream(std::string_view(body).substr(at));
}

io::Task<> handle(EchoServer::State& server, ServerConnection& client) {
  if (client.head().path == "/unread") {
    server.note(client.head(), {});
    co_await client.respond(401, kText, "who?\n");
    co_return;
  }
  Result<std::string> body = co_await client.read_body(EchoServer::kMaxBody);
  if (!body) {
    co_await answer_refusal(client);
    co_return;
  }
  if (body->capacity() < body->size() + 64) throw std::logic_error("the body has no padding");
  server.note(client.head(), *body);
  if (client.head().path == "/stream") {
    co_await answer_stream(client, std::move(*body));
    co_return;
  }
  std::string text = std::string(client.head().method) + " " + std::string(client.head().path) + "\n" + *body;
  if (client.head().path == "/large") text.assign(1024 * 1024, 'x');
  co_await client.respond(200, kText, text);
}

io::Task<> serve(EchoServer::State& server, io::Stream stream) {
  ServerConnection client(server.worker, std::move(stream), server.limits);
  const Counted counted(server.sessions);
  for (;;) {
    const ServerConnection::Next next = co_await client.next_request();
    if (next == ServerConnection::Next::kClosed) co_return;
    if (next == ServerConnection::Next::kRefused) {
      co_await answer_refusal(client);
    } else {
      co_await handle(server, client);
    }
  }
}

}  // namespace

EchoServer::EchoServer(ServerLimits limits) : state_(std::make_shared<State>(limits)) {
  Result<io::Listener> listener = io::Listener::open(state_->worker, "127.0.0.1", 0);
  if (!listener) throw std::runtime_error(listener.error().message);
  state_->listener = std::make_unique<io::Listener>(std::move(*listener));
  State* state = state_.get();
  state->listener->start([state](io::Stream stream) { state->worker.spawn(serve(*state, std::move(stream))); });
  thread_ = std::thread([state] { state->worker.run(); });
}

EchoServer::~EchoServer() {
  state_->worker.stop();
  thread_.join();
}

std::uint16_t EchoServer::port() const {
  return state_->listener->port();
}

std::vector<Dispatched> EchoServer::take_dispatched() {
  const std::scoped_lock lock(state_->mutex);
  return std::exchange(state_->dispatched, {});
}

int EchoServer::sessions() const {
  return state_->sessions.load();
}
std::uint64_t EchoServer::exceptions() const {
  return state_->worker.session_exceptions();
}

}  // namespace sluice::http
