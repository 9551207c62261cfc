// Lets someone else on the same worker end an operation that is under way.
#pragma once

#include <functional>
#include <utility>

#include "common/base/status.h"

namespace sluice::io {

class Cancel {
 public:
  // Safe before, during and after the operation; the operation then fails with kCancelled.
  void cancel() noexcept {
    cancelled_ = true;
    if (abort_) abort_();
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }

  // Used by the operation: what to abort now. Must not throw.
  void attach(std::function<void()> abort) { abort_ = std::move(abort); }
  void detach() { abort_ = nullptr; }

 private:
  bool cancelled_ = false;
  std::function<void()> abort_;
};

// While this lives, cancelling aborts `target`, which has abort(ErrorCode) noexcept. `cancel` may be null.
template <class Target>
class AbortOnCancel {
 public:
  AbortOnCancel(Cancel* cancel, Target& target) : cancel_(cancel) {
    if (cancel_ == nullptr) return;
    if (cancel_->cancelled()) target.abort(ErrorCode::kCancelled);
    cancel_->attach([&target] { target.abort(ErrorCode::kCancelled); });
  }
  AbortOnCancel(const AbortOnCancel&) = delete;
  AbortOnCancel& operator=(const AbortOnCancel&) = delete;
  ~AbortOnCancel() {
    if (cancel_ != nullptr) cancel_->detach();
  }

 private:
  Cancel* cancel_;
};

}  // namespace sluice::io
