#include "common/io/stream_impl.h"

namespace sluice::io {

// One wait serves many watches: stop_watching() only forgets the callback, and the next watch takes the wait over.
void Stream::Impl::watch_for_close(std::function<void()> gone) {
  if (failed_) return;
  if (!watch_) watch_ = std::make_shared<Watch>(this);
  watch_->gone = std::move(gone);
  if (!watch_->pending) start_watch(watch_);
}

void Stream::Impl::stop_watching() {
  if (watch_) watch_->gone = nullptr;
}

void Stream::Impl::start_watch(const std::shared_ptr<Watch>& watch) {
  watch->pending = true;
  watch->impl->socket_.async_wait(Socket::wait_read, [watch](const boost::system::error_code&) { watch_fired(watch); });
}

void Stream::Impl::watch_fired(const std::shared_ptr<Watch>& watch) {
  watch->pending = false;
  if (watch->impl == nullptr || watch->impl->failed_ || !watch->gone) return;
  const Step step = peek_plain(watch->impl->socket_.native_handle());
  switch (step.kind) {
    case Step::Kind::kWantRead:
      start_watch(watch);  // what woke it was read in the meantime
      return;
    case Step::Kind::kDone:
      watch->gone = nullptr;
      return;
    default:
      std::exchange(watch->gone, nullptr)();
  }
}

}  // namespace sluice::io
