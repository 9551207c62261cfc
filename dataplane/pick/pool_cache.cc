#include "dataplane/pick/pool_cache.h"

#include <functional>

namespace sluice::pick {

namespace {

// What a pool costs in memory, in entries: its own and those of the group it keeps.
std::size_t weight(const Pool& pool) {
  return pool.size() + pool.group_size();
}

}  // namespace

PoolCache::PoolCache(std::size_t max_pools, std::size_t max_entries)
    : max_pools_(max_pools), max_entries_(max_entries), pools_(max_pools) {}

std::size_t PoolCache::KeyHash::operator()(const Key& key) const {
  const std::size_t text = std::hash<std::string>()(key.model) * 31 + std::hash<std::string>()(key.provider);
  return text ^ (reinterpret_cast<std::uintptr_t>(key.group) >> 4);
}

const Pool& PoolCache::get(const snapshot::Snapshot& snapshot, std::string_view group_id, std::string_view provider,
                           std::string_view model) {
  static const Pool kNone({}, {}, {});
  Identity identity = snapshot.tables().accounts_by_group.share(group_id);
  if (identity == nullptr) return kNone;
  wanted_.group = identity.get();
  wanted_.provider.assign(provider);
  wanted_.model.assign(model);
  if (const Held* held = pools_.find(wanted_)) return held->pool;

  Pool pool(identity->accounts, provider, model, identity->route(model));
  make_room(weight(pool));
  entries_ += weight(pool);
  ++built_;
  return pools_.put(wanted_, Held{std::move(identity), std::move(pool)}).pool;
}

void PoolCache::make_room(std::size_t entries) {
  while (pools_.size() > 0 && (pools_.size() >= max_pools_ || entries_ + entries > max_entries_)) {
    entries_ -= weight(pools_.oldest().pool);
    pools_.drop_oldest();
  }
}

}  // namespace sluice::pick
