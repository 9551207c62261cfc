// Counts work in flight and refuses new work once closed (Seastar's gate). One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace sluice {

class Gate {
 public:
  // A unit of work in flight; leaves the gate when destroyed.
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    // False if the gate was closed: do not start.
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* gate_;
  };

  [[nodiscard]] Pass enter() {
    if (closed_) return Pass(nullptr);
    ++inside_;
    return Pass(this);
  }
  // From now on nobody enters; `when_empty` runs once the last one has left (at once if nobody is inside).
  void close(std::function<void()> when_empty) {
    closed_ = true;
    when_empty_ = std::move(when_empty);
    if (inside_ == 0) finish();
  }
  [[nodiscard]] std::size_t inside() const { return inside_; }
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  void leave() {
    --inside_;
    if (closed_ && inside_ == 0) finish();
  }
  void finish() {
    if (auto call = std::exchange(when_empty_, nullptr)) call();
  }

  std::size_t inside_ = 0;
  bool closed_ = false;
  std::function<void()> when_empty_;
};

}  // namespace sluice
