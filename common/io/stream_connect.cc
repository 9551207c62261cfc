#include <system_error>

#include "common/io/stream_impl.h"

namespace sluice::io {

Task<Result<>> Stream::Impl::finish_connect(SteadyTime deadline) {
  Result<> waited = co_await wait(Direction::kWrite, deadline);
  if (!waited) co_return waited;
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return broken(std::generic_category().message(error));
  drained_ = true;
  co_return Result<>{};
}

Task<Result<>> Stream::Impl::handshake(const TlsContext& context, std::string host, SteadyTime deadline) {
  Result<TlsContext::Session> session = context.open(socket_.native_handle(), host);
  if (!session) co_return std::unexpected(std::move(session.error()));
  tls_ = std::move(*session);
  for (;;) {
    Step step = handshake_tls(tls_.get());
    if (step.kind == Step::Kind::kDone) {
      drained_ = SSL_has_pending(tls_.get()) == 0;
      co_return Result<>{};
    }
    if (step.kind == Step::Kind::kEnd) co_return broken("the peer ended it during the TLS handshake");
    if (step.kind == Step::Kind::kFailed) co_return broken(step.why);
    const Direction needed = step.kind == Step::Kind::kWantWrite ? Direction::kWrite : Direction::kRead;
    Result<> waited = co_await wait(needed, deadline);
    if (!waited) co_return waited;
  }
}

}  // namespace sluice::io
