#include "dataplane/limit/local_share.h"

#include <algorithm>

namespace sluice::limit {

std::uint32_t LocalShare::share_of(std::uint32_t limit) const {
  const unsigned nodes = std::max(1U, live_nodes_());
  return std::max<std::uint32_t>(1, limit / nodes);
}

}  // namespace sluice::limit
