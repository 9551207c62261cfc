#include "common/io/timer_wheel.h"

#include <algorithm>

namespace sluice::io {

void TimerWheel::Link::unlink() noexcept {
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = this;
}

void TimerWheel::Link::link_before(Link& head) noexcept {
  prev_ = head.prev_;
  next_ = &head;
  head.prev_->next_ = this;
  head.prev_ = this;
}

TimerWheel::TimerWheel(SteadyTime start) : start_(start) {}

TimerWheel::~TimerWheel() {
  for (Link& slot : slots_) {
    while (slot.next_ != &slot)
      slot.next_->unlink();
  }
}

std::int64_t TimerWheel::tick_of(SteadyTime deadline) const {
  if (deadline <= start_) return 0;
  return (deadline - start_ - SteadyTime::duration(1)) / kTick + 1;  // rounded up: never early
}

void TimerWheel::place(Entry& entry) {
  entry.unlink();
  // Beyond the horizon it waits in the furthest slot and is placed again from there.
  entry.tick_ = std::clamp(tick_of(entry.deadline_), done_ + 1, done_ + kSlots - 1);
  entry.link_before(slots_[static_cast<std::size_t>(entry.tick_ % kSlots)]);
}

void TimerWheel::advance(SteadyTime now) {
  if (now < start_) return;
  const std::int64_t current = (now - start_) / kTick;
  // After a long stall every slot is turned once; more would find nothing new.
  if (current - done_ > kSlots) done_ = current - kSlots;
  while (done_ < current) {
    ++done_;
    turn_slot(slots_[static_cast<std::size_t>(done_ % kSlots)], now);
  }
}

void TimerWheel::turn_slot(Link& slot, SteadyTime now) {
  // The slot's entries move to a list of their own, as on_deadline() may add to the slot or destroy entries.
  Link due;
  if (slot.next_ == &slot) return;
  due.link_before(slot);
  slot.unlink();
  while (due.next_ != &due) {
    Entry& entry = static_cast<Entry&>(*due.next_);
    entry.unlink();
    if (entry.deadline_ == kNever) continue;
    if (entry.deadline_ > now) {
      place(entry);
      continue;
    }
    entry.deadline_ = kNever;
    entry.on_deadline();
  }
}

}  // namespace sluice::io
