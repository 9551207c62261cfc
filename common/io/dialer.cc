#include "common/io/dialer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <unordered_map>

#include "common/io/proxy_tunnel.h"
#include "common/io/resolver.h"
#include "common/io/stream_impl.h"

namespace sluice::io {

namespace {

using Address = boost::asio::ip::address;
using ImplPtr = std::unique_ptr<Stream::Impl>;

constexpr std::size_t kMaxContexts = 64;

Result<Socket> start_connect(Worker& worker, const Address& address, std::uint16_t port) {
  const boost::asio::ip::tcp::endpoint endpoint(address, port);
  Socket socket(worker.context().get_executor());
  boost::system::error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  if (error) return fail(ErrorCode::kUnavailable, error.message());
  const int result = ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (result != 0 && errno != EINPROGRESS) {
    return fail(ErrorCode::kUnavailable, std::generic_category().message(errno));
  }
  return socket;
}

Task<Result<ImplPtr>> connect_one(Worker& worker, Address address, std::uint16_t port, SteadyTime deadline,
                                  Cancel* cancel) {
  Result<Socket> socket = start_connect(worker, address, port);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  ImplPtr stream = std::make_unique<Stream::Impl>(worker, std::move(*socket), address);
  const AbortOnCancel abort(cancel, *stream);
  Result<> connected = co_await stream->finish_connect(deadline);
  if (!connected) co_return std::unexpected(std::move(connected.error()));
  co_return stream;
}

// To the caller a refused connection is an absent server, not one that ended a conversation.
ErrorCode outward(ErrorCode code) {
  return code == ErrorCode::kClosed ? ErrorCode::kUnavailable : code;
}

std::unexpected<Error> failed(const DialTarget& target, const Error& cause) {
  return fail(outward(cause.code),
              fmt::format("connecting to {} port {}: {}", target.host, target.port, cause.message));
}

std::unexpected<ProxyError> failed(const DialTarget& target, const Proxy& proxy, ProxyError cause) {
  cause.error.message = fmt::format("connecting to {} port {} through {}: {}", target.host, target.port,
                                    proxy.to_string(), cause.error.message);
  cause.error.code = outward(cause.error.code);
  return std::unexpected(std::move(cause));
}

}  // namespace

struct Dialer::State {
  explicit State(Worker& owner) : worker(owner), resolver(owner) {}

  Result<std::shared_ptr<const TlsContext>> context_for(const std::string& ca_pem) {
    const auto found = contexts.find(ca_pem);
    if (found != contexts.end()) return found->second;
    Result<std::shared_ptr<const TlsContext>> made = TlsContext::make(ca_pem);
    if (!made) return made;
    if (contexts.size() >= kMaxContexts) contexts.clear();
    contexts.emplace(ca_pem, *made);
    return made;
  }
  Task<Result<ImplPtr>> connect_any(const std::string& host, std::uint16_t port, SteadyTime deadline, Cancel* cancel);

  Worker& worker;
  Resolver resolver;
  std::unordered_map<std::string, std::shared_ptr<const TlsContext>> contexts;
};

Task<Result<ImplPtr>> Dialer::State::connect_any(const std::string& host, std::uint16_t port, SteadyTime deadline,
                                                 Cancel* cancel) {
  Result<std::vector<Address>> addresses = co_await resolver.resolve(host, deadline);
  if (!addresses) co_return std::unexpected(std::move(addresses.error()));
  Error last{ErrorCode::kUnavailable, "it has no address"};
  std::size_t left = addresses->size();
  for (const Address& address : *addresses) {
    if (cancel != nullptr && cancel->cancelled()) co_return fail(ErrorCode::kCancelled, "given up");
    const SteadyTime now = worker.clock().steady();
    if (now >= deadline) co_return fail(ErrorCode::kDeadlineExceeded, "it took too long");
    const SteadyTime share = now + (deadline - now) / static_cast<SteadyTime::rep>(left--);
    Result<ImplPtr> stream = co_await connect_one(worker, address, port, share, cancel);
    if (stream) co_return stream;
    last = std::move(stream.error());
  }
  co_return std::unexpected(std::move(last));
}

Dialer::Dialer(Worker& worker) : state_(std::make_unique<State>(worker)) {}
Dialer::~Dialer() = default;

Task<Result<Stream>> Dialer::dial(DialTarget target, SteadyTime deadline, Cancel* cancel) {
  std::shared_ptr<const TlsContext> context;
  if (target.tls) {
    Result<std::shared_ptr<const TlsContext>> made = state_->context_for(target.ca_pem);
    if (!made) co_return failed(target, made.error());
    context = std::move(*made);
  }
  Result<ImplPtr> stream = co_await state_->connect_any(target.host, target.port, deadline, cancel);
  if (!stream) co_return failed(target, stream.error());
  if (context) {
    const AbortOnCancel abort(cancel, **stream);
    Result<> shaken = co_await (*stream)->handshake(*context, target.host, deadline);
    if (!shaken) co_return failed(target, shaken.error());
  }
  co_return Stream(std::move(*stream));
}

Task<std::expected<Stream, ProxyError>> Dialer::dial_through(std::shared_ptr<const Proxy> proxy, DialTarget target,
                                                             SteadyTime deadline, Cancel* cancel) {
  std::shared_ptr<const TlsContext> context;
  if (target.tls) {
    Result<std::shared_ptr<const TlsContext>> made = state_->context_for(target.ca_pem);
    if (!made) co_return failed(target, *proxy, ProxyError{std::move(made.error()), false});
    context = std::move(*made);
  }
  Result<std::unique_ptr<ProxyHandshake>> handshake = begin_proxy_handshake(*proxy, target.host, target.port);
  if (!handshake) co_return failed(target, *proxy, ProxyError{std::move(handshake.error()), false});
  Result<ImplPtr> stream = co_await state_->connect_any(proxy->host, proxy->port, deadline, cancel);
  if (!stream) co_return failed(target, *proxy, proxy_trouble(std::move(stream.error())));
  const AbortOnCancel abort(cancel, **stream);
  std::expected<void, ProxyError> open = co_await open_tunnel(state_->worker, **stream, **handshake, deadline);
  if (!open) co_return failed(target, *proxy, std::move(open.error()));
  if (context) {
    Result<> shaken = co_await (*stream)->handshake(*context, target.host, deadline);
    if (!shaken) co_return failed(target, *proxy, ProxyError{std::move(shaken.error()), false});
  }
  co_return Stream(std::move(*stream));
}

}  // namespace sluice::io
