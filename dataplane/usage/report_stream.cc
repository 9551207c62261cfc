#include "dataplane/usage/report_stream.h"

#include <fmt/format.h>

namespace sluice::usage {

ReportStream::ReportStream(v1::UsageService::Stub& stub, const Secret& node_token, std::function<void()> on_event)
    : on_event_(std::move(on_event)) {
  context_.AddMetadata("authorization", fmt::format("Bearer {}", node_token.reveal()));
  stub.async()->Report(&context_, this);
  // Keeps OnDone away while send() may still start writes from outside of a reaction.
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

ReportStream::~ReportStream() {
  static_cast<void>(finish());
}

grpc::Status ReportStream::finish() {
  context_.TryCancel();
  if (!std::exchange(released_, true)) RemoveHold();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return end_.has_value(); });
  return *end_;
}

void ReportStream::send(std::shared_ptr<const v1::ReportRequest> request) {
  const std::lock_guard lock(mutex_);
  to_write_.push_back(std::move(request));
  if (!writing_) write_next();
}

void ReportStream::write_next() {
  if (to_write_.empty()) return;
  writing_ = true;
  StartWrite(to_write_.front().get());
}

ReportStream::Events ReportStream::take() {
  const std::lock_guard lock(mutex_);
  return {.answers = std::exchange(answers_, {}), .over = over_};
}

void ReportStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (!ok) return;  // the stream is over, which OnReadDone hears as well
  to_write_.pop_front();
  write_next();
}

void ReportStream::OnReadDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    if (ok) {
      answers_.push_back(std::move(incoming_));
    } else {
      over_ = true;
    }
  }
  if (ok) StartRead(&incoming_);
  on_event_();
}

void ReportStream::OnDone(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  end_ = status;
  done_.notify_all();
}

}  // namespace sluice::usage
