#include "common/base/backoff.h"

#include <algorithm>

#include "common/base/random.h"

namespace sluice {

std::chrono::milliseconds Backoff::next() {
  const auto wait = random_below(static_cast<std::uint64_t>(ceiling_.count()) + 1);
  ceiling_ = std::min(ceiling_ * 2, cap_);
  return std::chrono::milliseconds(wait);
}

}  // namespace sluice
