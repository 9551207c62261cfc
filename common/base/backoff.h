// How long to wait before trying again: full jitter, so that many clients of a peer that came back do not return at
// the same moment. One thread.
#pragma once

#include <chrono>

namespace sluice {

class Backoff {
 public:
  // Waits are evenly distributed in [0, ceiling]; the ceiling starts at `base` and doubles up to `cap`.
  // 0 < base <= cap.
  Backoff(std::chrono::milliseconds base, std::chrono::milliseconds cap) : base_(base), cap_(cap), ceiling_(base) {}

  // The wait before the next try; each call stands for one more failure.
  [[nodiscard]] std::chrono::milliseconds next();
  // After a success that lasted: the next failure starts over.
  void reset() { ceiling_ = base_; }
  // The longest that next() can return now.
  [[nodiscard]] std::chrono::milliseconds ceiling() const { return ceiling_; }

 private:
  std::chrono::milliseconds base_;
  std::chrono::milliseconds cap_;
  std::chrono::milliseconds ceiling_;
};

}  // namespace sluice
