// Lets someone else on the same worker end an operation that is under way.
#pragma once

#include <functional>
#include <utility>

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

}  // namespace sluice::io
