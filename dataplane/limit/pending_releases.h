// Slots and places in queues that Redis could not be told are given back, until it can. Bounded: more than that expire
// with their leases. One worker.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "dataplane/limit/holding.h"

namespace sluice::limit {

struct PendingRelease {
  std::string member;
  std::vector<Place> places;
};

class PendingReleases {
 public:
  static constexpr std::size_t kMax = 100'000;

  // False if the oldest was dropped for it.
  bool push(PendingRelease release) {
    releases_.push_back(std::move(release));
    if (releases_.size() <= kMax) return true;
    releases_.pop_front();
    return false;
  }
  // Sends the oldest ones first, until `send` says no.
  template <class Send>
  void flush(Send send) {
    while (!releases_.empty() && send(releases_.front()))
      releases_.pop_front();
  }
  [[nodiscard]] std::size_t size() const { return releases_.size(); }

 private:
  std::deque<PendingRelease> releases_;
};

}  // namespace sluice::limit
