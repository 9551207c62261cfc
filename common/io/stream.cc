#include "common/io/stream.h"

#include "common/io/stream_impl.h"

namespace sluice::io {

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Task<Result<>> Stream::wait_readable(SteadyTime deadline) {
  return impl_->wait_readable(deadline);
}

Task<Result<std::size_t>> Stream::read_some(std::span<char> buffer, SteadyTime deadline) {
  return impl_->read_some(buffer, deadline);
}

Result<std::size_t> Stream::try_read(std::span<char> buffer) {
  return impl_->try_read(buffer);
}

Task<Result<>> Stream::write(std::span<const std::string_view> pieces, SteadyTime deadline) {
  return impl_->write({}, pieces, deadline, true);
}

Task<Result<>> Stream::write(std::string_view piece, SteadyTime deadline) {
  return impl_->write(piece, {}, deadline, true);
}

Task<Result<>> Stream::write_borrowed(std::span<const std::string_view> pieces, SteadyTime deadline) {
  return impl_->write({}, pieces, deadline, false);
}

void Stream::end_writing() noexcept {
  impl_->end_writing();
}

void Stream::watch_for_close(std::function<void()> gone) {
  impl_->watch_for_close(std::move(gone));
}
void Stream::stop_watching() {
  impl_->stop_watching();
}
void Stream::abort(ErrorCode why) noexcept {
  impl_->abort(why);
}
bool Stream::is_open() const {
  return impl_ && impl_->is_open();
}
bool Stream::is_quiet() {
  return impl_ && impl_->is_quiet();
}

std::string Stream::peer_address() const {
  return impl_->peer().is_unspecified() ? std::string() : impl_->peer().to_string();
}

}  // namespace sluice::io
