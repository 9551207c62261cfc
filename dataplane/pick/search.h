// One choice of candidates, step by step. Only for candidates.cc; one thread.
#pragma once

#include <random>

#include "dataplane/pick/candidates.h"

namespace sluice::pick {

class Search {
 public:
  Search(const ChooseAsk& ask, const BlockedFn& blocked, const LoadMemory& loads, std::mt19937_64& random,
         Selection& out);

  void run(const Pool& pool);

 private:
  // Up to as many candidates as are wanted.
  struct Shelf {
    std::array<Candidate, kMaxCandidates> held;
    std::size_t count = 0;
    void add(const Candidate& candidate) {
      if (count < held.size()) held[count++] = candidate;
    }
  };
  // How far the walk through a tier has come.
  struct Walk {
    std::size_t start = 0;
    std::size_t walked = 0;
  };

  void look_at_sticky(const Pool& pool);
  void walk_within_bound(const Pool& pool);
  void walk_tier(Pool::Tier tier, bool last, Walk& walk);
  // Those that walk_within_bound() did not look at, until one will do.
  void walk_the_rest(const Pool& pool);
  void look(const snapshot::AccountEntry& account);
  void judge(Considered& seen, Candidate& candidate);
  void block(Considered& seen, const Blocked& blocked);
  void note(const Considered& seen);
  void finish(const Pool& pool);
  void take(const Candidate& candidate);
  [[nodiscard]] bool enough() const { return free_.count >= want_; }
  [[nodiscard]] std::size_t found() const { return free_.count + full_.count + soft_.count; }

  const ChooseAsk& ask_;
  const std::size_t want_;
  const BlockedFn& blocked_;
  const LoadMemory& loads_;
  std::mt19937_64& random_;
  Selection& out_;
  const snapshot::AccountEntry* sticky_ = nullptr;  // looked at already
  Shelf free_, full_, soft_;
  bool any_tried_ = false, any_blocked_ = false;
  std::array<Walk, kMaxLooks> walks_;  // of the tiers that were begun
  std::size_t begun_ = 0;
};

}  // namespace sluice::pick
