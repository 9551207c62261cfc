// The one source of time. Decisions take a Clock; tests give them a ManualClock. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>

namespace sluice {

using SystemTime = std::chrono::sys_time<std::chrono::microseconds>;  // wall time, UTC
using SteadyTime = std::chrono::steady_clock::time_point;             // for time limits; never jumps

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SystemTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

class RealClock final : public Clock {
 public:
  [[nodiscard]] SystemTime now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// Stands still until told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(SystemTime start) : start_(start) {}
  [[nodiscard]] SystemTime now() const override { return start_ + passed_.load(); }
  [[nodiscard]] SteadyTime steady() const override { return SteadyTime{} + std::chrono::hours(24) + passed_.load(); }
  void advance(std::chrono::microseconds by) { passed_ = passed_.load() + by; }

 private:
  SystemTime start_;
  std::atomic<std::chrono::microseconds> passed_{std::chrono::microseconds{0}};
};

}  // namespace sluice
