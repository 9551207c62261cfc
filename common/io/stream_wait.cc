#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "common/io/stream_impl.h"

namespace sluice::io {

namespace {

// Ends the waits of a socket without closing it. Other waits of the same socket wake up too, find nothing, and go on.
struct SoftLimit final : TimerWheel::Entry {
  explicit SoftLimit(Socket& waiting) : socket(waiting) {}
  void on_deadline() override {
    passed = true;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }
  Socket& socket;
  bool passed = false;
};

}  // namespace

Task<Result<bool>> Stream::wait_readable_until(SteadyTime until) {
  return impl_->wait_readable_until(until);
}

Task<Result<bool>> Stream::Impl::wait_readable_until(SteadyTime until) {
  if (failed_) co_return failure();
  if (tls_ && SSL_has_pending(tls_.get()) == 1) co_return true;
  SoftLimit limit(socket_);
  worker_.timers().set(limit, until);
  co_await socket_.async_wait(Socket::wait_read, boost::asio::as_tuple(boost::asio::deferred));
  if (failed_) co_return failure();
  if (!limit.passed) drained_ = false;
  co_return !limit.passed;
}

}  // namespace sluice::io
