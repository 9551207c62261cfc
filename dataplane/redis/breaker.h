// Opens after so many failures in a row, so that nobody waits for a peer that does not answer. No clock: who opens it
// decides when to probe and close it. One thread.
#pragma once

namespace sluice::redis {

class Breaker {
 public:
  explicit Breaker(unsigned threshold) : threshold_(threshold) {}

  // True if this failure opened it.
  [[nodiscard]] bool failed() {
    if (open_ || ++in_a_row_ < threshold_) return false;
    open_ = true;
    return true;
  }
  void succeeded() { in_a_row_ = 0; }
  void close() {
    open_ = false;
    in_a_row_ = 0;
  }
  [[nodiscard]] bool is_open() const { return open_; }

 private:
  unsigned threshold_;
  unsigned in_a_row_ = 0;
  bool open_ = false;
};

}  // namespace sluice::redis
