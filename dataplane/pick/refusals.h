// How often an upstream has refused an account's credential (401, 402, 403) since the last success. Plain code; one
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>

#include "common/base/clock.h"

namespace sluice::pick {

class Refusals {
 public:
  // A 403 may be about the request alone. The third within ten minutes, without a success between, is about the
  // account; from then on each further one is, as long as there are three within ten minutes.
  static constexpr unsigned kForbiddenToBlock = 3;
  static constexpr std::chrono::minutes kWindow{10};
  static constexpr std::chrono::seconds kFirstPause{60};
  static constexpr std::chrono::seconds kLongestPause{600};

  // True if a 403 at this time makes it enough of them.
  bool forbidden(SystemTime now) {
    const SystemTime oldest = earlier_.front();
    std::ranges::rotate(earlier_, earlier_.begin() + 1);
    earlier_.back() = now;
    return oldest != SystemTime{} && now - oldest <= kWindow;
  }
  // How long to stay away, this time: each time in a row twice as long.
  std::chrono::seconds pause() {
    const std::chrono::seconds pause = std::min<std::chrono::seconds>(kFirstPause * (1LL << pauses_), kLongestPause);
    pauses_ = std::min(pauses_ + 1, 16U);
    return pause;
  }
  [[nodiscard]] bool idle(SystemTime now) const { return now - earlier_.back() > kWindow; }

 private:
  std::array<SystemTime, kForbiddenToBlock - 1> earlier_{};  // 403s, the latest last
  unsigned pauses_ = 0;
};

}  // namespace sluice::pick
