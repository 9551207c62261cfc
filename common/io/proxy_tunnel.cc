#include "common/io/proxy_tunnel.h"

namespace sluice::io {

ProxyError proxy_trouble(Error error) {
  const bool proxy_failed = error.code != ErrorCode::kCancelled;
  return ProxyError{std::move(error), proxy_failed};
}

Task<std::expected<void, ProxyError>> open_tunnel(Worker& worker, Stream::Impl& proxy, ProxyHandshake& handshake,
                                                  SteadyTime deadline) {
  for (;;) {
    const std::string outgoing = handshake.take_outgoing();
    if (!outgoing.empty()) {
      Result<> sent = co_await proxy.write(outgoing, {}, deadline, false);
      if (!sent) co_return std::unexpected(proxy_trouble(std::move(sent.error())));
    }
    const std::span<char> scratch = worker.scratch();
    Result<std::size_t> got = co_await proxy.read_some(scratch, deadline);
    if (!got) co_return std::unexpected(proxy_trouble(std::move(got.error())));
    if (*got == 0) {
      Error cut{ErrorCode::kUnavailable, "the proxy ended the connection before the tunnel was open"};
      co_return std::unexpected(proxy_trouble(std::move(cut)));
    }
    std::expected<bool, ProxyError> open = handshake.receive(std::string_view(scratch.data(), *got));
    if (!open) co_return std::unexpected(std::move(open.error()));
    if (*open) co_return std::expected<void, ProxyError>{};
  }
}

}  // namespace sluice::io
