#include "dataplane/usage/decision_shelf.h"

#include <algorithm>

#include "dataplane/usage/journal_record.h"

namespace sluice::usage {

namespace {

// As long as an event's key and not smaller than any.
constexpr std::string_view kPrefix = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
static_assert(kPrefix.size() == EventKey{}.size());

}  // namespace

std::string decision_key(const EventKey& request) {
  return std::string(kPrefix).append(view(request));
}

bool is_decision_key(std::string_view key) {
  return key.size() == 2 * kPrefix.size() && key.starts_with(kPrefix);
}

EventKey request_of(std::string_view decision_key) {
  return to_key(decision_key.substr(kPrefix.size()));
}

std::vector<EventKey> DecisionShelf::make_room() {
  const std::lock_guard lock(mutex_);
  std::vector<EventKey> gone;
  while (waiting_.size() + taken_ >= limit_ && !waiting_.empty()) {
    gone.push_back(waiting_.front());
    waiting_.pop_front();
    ++lost_;
  }
  return gone;
}

void DecisionShelf::add(const EventKey& request) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(request);
}

std::vector<EventKey> DecisionShelf::take(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, waiting_.size()));
  std::vector<EventKey> taken(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  taken_ += taken.size();
  return taken;
}

void DecisionShelf::forget(std::size_t taken) {
  const std::lock_guard lock(mutex_);
  taken_ -= std::min(taken, taken_);
}

void DecisionShelf::count_lost() {
  const std::lock_guard lock(mutex_);
  ++lost_;
}

std::uint64_t DecisionShelf::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + taken_;
}

std::uint64_t DecisionShelf::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace sluice::usage
