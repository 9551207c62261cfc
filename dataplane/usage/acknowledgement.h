// What an acknowledged batch tells about money. Plain values.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::usage {

// Sum of the costs that are now part of a purse's balance (or were refused for good), so no longer unacknowledged.
struct AckedCost {
  std::string purse;  // "user:<user id>" or "key:<key id>:<window id>"
  std::int64_t cost_nano = 0;
};

// A purse as the control plane has it, the costs of the same acknowledgement included.
struct PurseBalance {
  std::string purse;
  std::int64_t balance_nano = 0;  // a budget's is minus what was spent
  std::uint64_t version = 0;      // rises with every change
};

}  // namespace sluice::usage
