#include "common/io/listener.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/deferred.hpp>
#include <cerrno>
#include <utility>

#include "common/io/stream_impl.h"

namespace sluice::io {

namespace tcp = boost::asio::ip;

namespace {

constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kBackOff{100};
constexpr int kBatch = 64;  // then other work gets its turn

using Acceptor = boost::asio::basic_socket_acceptor<tcp::tcp, Executor>;
using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

enum class Outcome : std::uint8_t { kTaken, kQueueEmpty, kNoResources };

bool passes(int error) {
  // The connection died in the queue, or its network did (accept(2)): not a fault of the listener.
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM || error == ENETDOWN ||
         error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH || error == ENONET ||
         error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

struct Listener::State {
  State(Worker& owner, Acceptor socket) : worker(owner), acceptor(std::move(socket)) {}

  Outcome accept_one() {
    tcp::tcp::endpoint peer;
    socklen_t size = static_cast<socklen_t>(peer.capacity());
    const int descriptor = ::accept4(acceptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Outcome::kQueueEmpty;
      ++counters.failed;
      return passes(errno) ? Outcome::kTaken : Outcome::kNoResources;
    }
    peer.resize(size);
    Socket socket(worker.context().get_executor());
    boost::system::error_code error;
    socket.assign(peer.protocol(), descriptor, error);
    if (error) {
      ::close(descriptor);
      ++counters.failed;
      return Outcome::kNoResources;
    }
    ++counters.accepted;
    on_stream(Stream(std::make_unique<Stream::Impl>(worker, std::move(socket), peer.address())));
    return Outcome::kTaken;
  }

  Outcome accept_batch() {
    Outcome outcome = Outcome::kTaken;
    for (int i = 0; i < kBatch && outcome == Outcome::kTaken && acceptor.is_open(); ++i)
      outcome = accept_one();
    return outcome;
  }

  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }

  static Task<> run(std::shared_ptr<State> self);

  Worker& worker;
  Acceptor acceptor;
  std::function<void(Stream)> on_stream;
  Counters counters;
};

Task<> Listener::State::run(std::shared_ptr<State> self) {
  while (self->acceptor.is_open()) {
    co_await self->acceptor.async_wait(Acceptor::wait_read, boost::asio::as_tuple(boost::asio::deferred));
    if (!self->acceptor.is_open()) break;
    const Outcome outcome = self->accept_batch();
    if (outcome == Outcome::kNoResources) {
      const SteadyTime later = self->worker.clock().steady() + kBackOff;
      co_await self->worker.sleep_until(later);
    }
  }
}

Result<Listener> Listener::open(Worker& worker, const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const tcp::address parsed = tcp::make_address(address, error);
  if (error) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is no numeric address to listen on", address));
  }
  const tcp::tcp::endpoint endpoint(parsed, port);
  Acceptor acceptor(worker.context().get_executor());
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot listen on {} port {}: {}", address, port, error.message()));
  }
  return Listener(std::make_shared<State>(worker, std::move(acceptor)));
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Listener::~Listener() {
  if (state_) state_->close();
}

std::uint16_t Listener::port() const {
  boost::system::error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

const Listener::Counters& Listener::counters() const {
  return state_->counters;
}

void Listener::start(std::function<void(Stream)> on_stream) {
  state_->on_stream = std::move(on_stream);
  state_->worker.spawn_background(State::run(state_));
}

void Listener::stop() {
  if (!state_->acceptor.is_open()) return;
  while (state_->accept_one() == Outcome::kTaken) {
  }
  state_->close();
}

}  // namespace sluice::io
