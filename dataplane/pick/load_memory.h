// What this worker saw last of the load of accounts: a hint that spares a script call on accounts that were full a
// moment ago. Of fixed size: accounts that share a place forget one another. The worker's thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace sluice::pick {

struct KnownLoad {
  std::int32_t running = -1;  // -1: unknown
  std::int32_t waiting = -1;
};

// Known to have no place for a newcomer. `limit` 0: never.
[[nodiscard]] bool is_full(const KnownLoad& load, std::uint32_t limit);

class LoadMemory {
 public:
  // What is older says nothing.
  static constexpr std::chrono::milliseconds kFresh{200};

  explicit LoadMemory(std::size_t places = 16'384);

  // What a script answered; values below 0 were not looked at and change nothing.
  void saw(std::string_view account_id, std::int32_t running, std::int32_t waiting, SteadyTime now);
  // A request of this worker got a slot, or gave it back.
  void granted(std::string_view account_id, SteadyTime now) { change(account_id, 1, now); }
  void released(std::string_view account_id, SteadyTime now) { change(account_id, -1, now); }

  // All -1 if nothing fresh is known.
  [[nodiscard]] KnownLoad load(std::string_view account_id, SteadyTime now) const;

 private:
  struct Place {
    std::size_t hash = 0;
    SteadyTime seen{};
    std::int32_t running = -1;
    std::int32_t waiting = -1;
  };
  void change(std::string_view account_id, std::int32_t by, SteadyTime now);
  [[nodiscard]] static bool known(const Place& place, std::size_t hash, SteadyTime now);
  [[nodiscard]] std::size_t place_of(std::size_t hash) const { return hash & (places_.size() - 1); }

  std::vector<Place> places_;  // a power of two
};

}  // namespace sluice::pick
