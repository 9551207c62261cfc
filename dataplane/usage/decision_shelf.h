// Which decision records the journal holds: those that wait for the uploader and those it has. Only keys and counts;
// the records are on disk. Bounded. Thread-safe; never waits for the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/usage/journal.h"

namespace sluice::usage {

// The key of a decision record on disk. Comes after every event's key, so that whoever reads events ends there.
[[nodiscard]] std::string decision_key(const EventKey& request);
[[nodiscard]] bool is_decision_key(std::string_view key);
[[nodiscard]] EventKey request_of(std::string_view decision_key);

class DecisionShelf {
 public:
  explicit DecisionShelf(std::size_t limit) : limit_(limit) {}

  // Before one more is written: the oldest that have to go for it. They count as lost.
  [[nodiscard]] std::vector<EventKey> make_room();
  // It is on disk.
  void add(const EventKey& request);
  // The oldest that wait. They count until they are forgotten.
  [[nodiscard]] std::vector<EventKey> take(std::size_t limit);
  // So many that were taken are no longer on disk.
  void forget(std::size_t taken);
  void count_lost();

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t lost() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::deque<EventKey> waiting_;
  std::size_t taken_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sluice::usage
