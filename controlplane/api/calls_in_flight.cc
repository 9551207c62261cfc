#include "controlplane/api/calls_in_flight.h"

namespace sluice::api {

bool CallsInFlight::enter(const std::shared_ptr<grpc::ClientContext>& context) {
  const std::lock_guard lock(mutex_);
  if (!cancelled_) contexts_.emplace(context.get(), context);
  return !cancelled_;
}

void CallsInFlight::leave(const grpc::ClientContext* context) {
  const std::lock_guard lock(mutex_);
  contexts_.erase(context);
  left_.notify_all();
}

void CallsInFlight::cancel() {
  Contexts running;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    running = contexts_;
  }
  // Without the lock: gRPC may complete a call, and so leave(), on this very thread.
  for (const auto& [key, context] : running)
    context->TryCancel();
}

void CallsInFlight::wait() {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return contexts_.empty(); });
}

}  // namespace sluice::api
