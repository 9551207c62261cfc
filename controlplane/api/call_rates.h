// How many calls one caller may make: a bucket per credential, in this process. It keeps a script that has run wild
// from taking the control plane from the others. The bootstrap token has no bucket. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::api {

struct CallRateOptions {
  double per_second = 100;
  double burst = 1000;
  // Callers remembered; beyond it those that have full buckets are forgotten, and then everybody.
  std::size_t callers = 10'000;
};

class CallRates {
 public:
  explicit CallRates(const Clock& clock, CallRateOptions options = {}) : clock_(clock), options_(options) {}

  // kResourceExhausted if the caller has no call left.
  [[nodiscard]] Result<> take(std::string_view credential);

 private:
  struct Bucket {
    double left = 0;
    SteadyTime at{};
  };
  void make_room(SteadyTime now);
  [[nodiscard]] double level(const Bucket& bucket, SteadyTime now) const;

  const Clock& clock_;
  const CallRateOptions options_;
  std::mutex mutex_;
  std::unordered_map<std::size_t, Bucket> buckets_;  // by hash: no secret is kept, and a collision only shares
};

}  // namespace sluice::api
