// Keeps retries a fraction of the traffic: when every upstream fails, trying all of them for each request would only
// multiply the load. One worker.
#pragma once

#include <algorithm>

namespace sluice::request {

class RetryBudget {
 public:
  // Every request earns a fifth of a retry.
  void earn() { balance_ = std::min(kMost, balance_ + kEarned); }
  // False: this request has to be content with what it has.
  [[nodiscard]] bool take() {
    if (balance_ < kCost) return false;
    balance_ -= kCost;
    return true;
  }

 private:
  static constexpr int kCost = 10;
  static constexpr int kEarned = 2;
  static constexpr int kMost = 100 * kCost;
  int balance_ = 20 * kCost;
};

}  // namespace sluice::request
