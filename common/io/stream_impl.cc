#include "common/io/stream_impl.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

namespace sluice::io {

namespace {

constexpr auto kDeferred = boost::asio::as_tuple(boost::asio::deferred);

}  // namespace

Stream::Impl::Impl(Worker& worker, Socket socket, boost::asio::ip::address peer)
    : worker_(worker), socket_(std::move(socket)), peer_(std::move(peer)) {
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

Stream::Impl::~Impl() {
  if (watch_) watch_->impl = nullptr;
  // The closing alert is sent if the socket takes it at once; nobody waits for the peer's.
  if (tls_ && !failed_ && SSL_is_init_finished(tls_.get())) SSL_shutdown(tls_.get());
}

std::unexpected<Error> Stream::Impl::failure() const {
  switch (failure_) {
    case ErrorCode::kDeadlineExceeded:
      return fail(failure_, "the peer took too long");
    case ErrorCode::kCancelled:
      return fail(failure_, "the connection was given up");
    default:
      return fail(failure_, why_broken_.empty() ? "the connection is closed" : why_broken_);
  }
}

std::unexpected<Error> Stream::Impl::broken(const std::string& why) {
  why_broken_ = fmt::format("the connection broke: {}", why);
  abort(ErrorCode::kClosed);
  return failure();
}

void Stream::Impl::abort(ErrorCode why) noexcept {
  if (failed_) return;
  failed_ = true;
  failure_ = why;
  worker_.timers().clear(read_limit_);
  worker_.timers().clear(write_limit_);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Socket::wait_type Stream::Impl::begin_wait(Direction direction, SteadyTime deadline) {
  worker_.timers().set(direction == Direction::kRead ? read_limit_ : write_limit_, deadline);
  return direction == Direction::kRead ? Socket::wait_read : Socket::wait_write;
}

void Stream::Impl::end_wait(Direction direction) {
  worker_.timers().clear(direction == Direction::kRead ? read_limit_ : write_limit_);
  if (direction == Direction::kRead) drained_ = false;
}

Task<Result<>> Stream::Impl::wait(Direction direction, SteadyTime deadline) {
  if (failed_) co_return failure();
  const Socket::wait_type ready = begin_wait(direction, deadline);
  co_await socket_.async_wait(ready, kDeferred);
  end_wait(direction);
  if (failed_) co_return failure();
  co_return Result<>{};
}

Step Stream::Impl::read_step(std::span<char> buffer) {
  if (drained_) return Step{Step::Kind::kWantRead, 0, {}};
  Step step = tls_ ? read_tls(tls_.get(), buffer) : read_plain(socket_.native_handle(), buffer);
  const bool more = tls_ ? SSL_has_pending(tls_.get()) == 1 : step.bytes == buffer.size();
  drained_ = step.kind == Step::Kind::kWantRead || (step.kind == Step::Kind::kDone && !more);
  return step;
}

Task<Result<>> Stream::Impl::wait_readable(SteadyTime deadline) {
  // With TLS a readable socket need not hold a byte for us, and a byte may be here while the socket is silent.
  for (;;) {
    if (tls_ && !failed_ && !is_quiet()) co_return Result<>{};
    Result<> waited = co_await wait(Direction::kRead, deadline);
    if (!waited || !tls_) co_return waited;
  }
}

Task<Result<std::size_t>> Stream::Impl::read_some(std::span<char> buffer, SteadyTime deadline) {
  for (;;) {
    if (failed_) co_return failure();
    Step step = read_step(buffer);
    if (step.kind == Step::Kind::kDone) co_return step.bytes;
    if (step.kind == Step::Kind::kEnd) co_return std::size_t{0};
    if (step.kind == Step::Kind::kFailed) co_return broken(step.why);
    const Direction needed = step.kind == Step::Kind::kWantWrite ? Direction::kWrite : Direction::kRead;
    const Socket::wait_type ready = begin_wait(needed, deadline);
    co_await socket_.async_wait(ready, kDeferred);
    end_wait(needed);
  }
}

Result<std::size_t> Stream::Impl::try_read(std::span<char> buffer) {
  if (failed_) return failure();
  drained_ = false;
  Step step = read_step(buffer);
  if (step.kind == Step::Kind::kDone) return step.bytes;
  if (step.kind == Step::Kind::kEnd) return std::size_t{0};
  if (step.kind == Step::Kind::kFailed) return broken(step.why);
  return fail(ErrorCode::kUnavailable, "nothing to read yet");
}

Task<Result<>> Stream::Impl::write(std::string_view piece, std::span<const std::string_view> pieces,
                                   SteadyTime deadline, bool copy) {
  Outgoing out(pieces.empty() ? std::span(&piece, 1) : pieces);
  std::string kept;
  while (!out.empty()) {
    if (failed_) co_return failure();
    Step step = tls_ ? write_tls(tls_.get(), out) : write_plain(socket_.native_handle(), out);
    if (step.kind == Step::Kind::kDone) {
      out.consume(step.bytes);
      continue;
    }
    // Not closed here: the peer may have said why before it stopped reading.
    if (step.kind == Step::Kind::kEnd) co_return fail(ErrorCode::kClosed, "the peer ended the connection");
    if (step.kind == Step::Kind::kFailed) co_return fail(ErrorCode::kClosed, "the connection broke: " + step.why);
    if (copy) {
      kept = out.copy();
      piece = kept;
      out = Outgoing(std::span(&piece, 1));
      copy = false;
    }
    const Direction needed = step.kind == Step::Kind::kWantRead ? Direction::kRead : Direction::kWrite;
    Result<> waited = co_await wait(needed, deadline);
    if (!waited) co_return waited;
  }
  co_return Result<>{};
}

void Stream::Impl::end_writing() noexcept {
  if (failed_) return;
  if (tls_) SSL_shutdown(tls_.get());
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

bool Stream::Impl::is_quiet() {
  if (failed_ || !socket_.is_open()) return false;
  const Step step = tls_ ? peek_tls(tls_.get()) : peek_plain(socket_.native_handle());
  // What a look into a TLS record took from the socket waits inside the session.
  if (step.kind != Step::Kind::kWantRead) drained_ = false;
  return step.kind == Step::Kind::kWantRead;
}

}  // namespace sluice::io
