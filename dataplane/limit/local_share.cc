#include "dataplane/limit/local_share.h"

#include <algorithm>

namespace sluice::limit {

LocalShare::Shard& LocalShare::shard(const std::string& scope) const {
  return shards_[std::hash<std::string>{}(scope) % shards_.size()];
}

std::uint32_t LocalShare::share_of(std::uint32_t limit) const {
  const unsigned nodes = std::max(1U, live_nodes_());
  return std::max<std::uint32_t>(1, limit / nodes);
}

bool LocalShare::try_enter(const std::string& scope, std::uint32_t limit) {
  const std::uint32_t share = share_of(limit);
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  std::uint32_t& held = at.held[scope];
  if (held >= share) return false;
  ++held;
  return true;
}

void LocalShare::enter(const std::string& scope) {
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  ++at.held[scope];
}

void LocalShare::leave(const std::string& scope) {
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  const auto found = at.held.find(scope);
  if (found != at.held.end() && --found->second == 0) at.held.erase(found);
}

std::uint32_t LocalShare::held(const std::string& scope) const {
  const Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  const auto found = at.held.find(scope);
  return found == at.held.end() ? 0 : found->second;
}

std::vector<std::pair<std::string, std::uint32_t>> LocalShare::held_below(std::string_view prefix) const {
  std::vector<std::pair<std::string, std::uint32_t>> out;
  for (const Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    for (const auto& [scope, held] : at.held) {
      if (held > 0 && scope.starts_with(prefix)) out.emplace_back(scope, held);
    }
  }
  return out;
}

}  // namespace sluice::limit
