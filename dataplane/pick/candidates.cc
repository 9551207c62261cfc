#include "dataplane/pick/candidates.h"

#include "common/base/random.h"
#include "dataplane/pick/search.h"

namespace sluice::pick {

namespace {

std::uint64_t seed() {
  std::array<std::uint8_t, 8> bytes;
  fill_random(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes)
    value = value << 8 | byte;
  return value;
}

}  // namespace

Chooser::Chooser(BlockedFn blocked) : blocked_(std::move(blocked)), random_(seed()) {}

Selection Chooser::choose(const ChooseAsk& ask) {
  Selection out;
  const Pool& pool = pools_.get(ask.snapshot, ask.group_id, ask.provider, ask.model);
  Search(ask, blocked_, loads_, random_, out).run(pool);
  return out;
}

}  // namespace sluice::pick
