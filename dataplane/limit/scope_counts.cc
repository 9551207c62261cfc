#include "dataplane/limit/scope_counts.h"

namespace sluice::limit {

ScopeCounts::Shard& ScopeCounts::shard(const std::string& scope) const {
  return shards_[std::hash<std::string>{}(scope) % shards_.size()];
}

void ScopeCounts::add(const std::string& scope) {
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  ++at.counts[scope];
}

bool ScopeCounts::add_below(const std::string& scope, std::uint32_t bound) {
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  std::uint32_t& count = at.counts[scope];
  if (count >= bound) return false;
  ++count;
  return true;
}

void ScopeCounts::remove(const std::string& scope) {
  Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  const auto found = at.counts.find(scope);
  if (found != at.counts.end() && --found->second == 0) at.counts.erase(found);
}

std::uint32_t ScopeCounts::count(const std::string& scope) const {
  const Shard& at = shard(scope);
  const std::lock_guard lock(at.mutex);
  const auto found = at.counts.find(scope);
  return found == at.counts.end() ? 0 : found->second;
}

std::vector<std::pair<std::string, std::uint32_t>> ScopeCounts::with_prefix(std::string_view prefix) const {
  std::vector<std::pair<std::string, std::uint32_t>> out;
  for (const Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    for (const auto& [scope, count] : at.counts) {
      if (count > 0 && scope.starts_with(prefix)) out.emplace_back(scope, count);
    }
  }
  return out;
}

}  // namespace sluice::limit
