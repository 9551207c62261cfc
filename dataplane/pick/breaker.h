// Opens when half of an account's calls of the last minute have failed, then lets one probe through at a time. Plain
// code; one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "common/base/clock.h"

namespace sluice::pick {

class Breaker {
 public:
  static constexpr unsigned kFailuresToOpen = 5;
  static constexpr std::chrono::seconds kFirstPause{10};
  static constexpr std::chrono::seconds kLongestPause{300};
  static constexpr std::chrono::seconds kProbeTime{60};  // a probe that says nothing for so long does not count

  // True if this failure opened it, for a first or a longer pause.
  bool failed(SystemTime now);
  // Closes it, unless the call began before it opened. Until when it would have been open; in the past: it was closed,
  // or this was the probe.
  SystemTime succeeded(SystemTime now, SystemTime began);
  // Somebody else's success ended what was to last until then.
  void ended(SystemTime until);

  // Until when nobody should call; in the past: nothing stands against it. While a probe is under way nobody else may.
  [[nodiscard]] SystemTime blocked_until(SystemTime now) const;
  // A call begins: the probe, if the pause is over and none is under way.
  void started(SystemTime now);
  // Nothing to remember: closed, or without any call for long after it was open; and no failure in the window.
  [[nodiscard]] bool idle(SystemTime now) const;

 private:
  static constexpr std::chrono::seconds kBucket{10};
  struct Bucket {
    std::int64_t number = 0;  // which ten seconds since 1970
    std::uint32_t good = 0, bad = 0;
  };
  Bucket& bucket(SystemTime now);
  [[nodiscard]] bool too_many(SystemTime now) const;
  void open(SystemTime now);

  std::array<Bucket, 6> buckets_{};
  SystemTime opened_at_{};
  SystemTime open_until_{};
  SystemTime probe_until_{};
  std::chrono::seconds pause_{0};  // 0: closed
};

}  // namespace sluice::pick
