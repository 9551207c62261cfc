// Coarse time limits, thousands of them, for one worker. Moving a limit is one store: an entry stays in the slot where
// it is and is looked at again when that slot comes up. Fires late by up to one tick, never early. One thread; no I/O.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "common/base/clock.h"

namespace sluice::io {

class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr SteadyTime kNever = SteadyTime::max();

  class Link {
   public:
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

   private:
    friend class TimerWheel;
    void unlink() noexcept;
    void link_before(Link& head) noexcept;
    Link* prev_ = this;
    Link* next_ = this;
  };

  // Something with a time limit. Leaves the wheel when destroyed.
  class Entry : private Link {
   public:
    [[nodiscard]] SteadyTime deadline() const { return deadline_; }

   protected:
    Entry() = default;
    ~Entry() { unlink(); }

   private:
    friend class TimerWheel;
    // The limit has passed; it is cleared already. May set it anew, and may destroy any entry, this one included.
    virtual void on_deadline() = 0;
    SteadyTime deadline_ = kNever;
    std::int64_t tick_ = 0;  // the tick at which its slot comes up; meaningless while it is in no slot
  };

  explicit TimerWheel(SteadyTime start);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  void set(Entry& entry, SteadyTime deadline) {
    entry.deadline_ = deadline;
    if (deadline == kNever) return;
    const bool linked = entry.next_ != &entry;
    if (!linked || tick_of(deadline) < entry.tick_) place(entry);
  }
  void clear(Entry& entry) { entry.deadline_ = kNever; }

  // Fires every entry whose limit is at or before `now`.
  void advance(SteadyTime now);

 private:
  static constexpr std::int64_t kSlots = 1024;

  [[nodiscard]] std::int64_t tick_of(SteadyTime deadline) const;
  void place(Entry& entry);
  void turn_slot(Link& slot, SteadyTime now);

  SteadyTime start_;
  std::int64_t done_ = 0;  // the last tick that was turned
  std::array<Link, kSlots> slots_;
};

}  // namespace sluice::io
