// The pools of one worker, built at first use and kept while the accounts of their group stay as they are: a change of
// config elsewhere builds nothing. Bounded; what was used longest ago goes first. The worker's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/pick/lru_map.h"
#include "dataplane/pick/pool.h"
#include "dataplane/snapshot/tables.h"

namespace sluice::pick {

class PoolCache {
 public:
  explicit PoolCache(std::size_t max_pools = 1024, std::size_t max_entries = 1'000'000);

  // Good until the next call, and for as long as `snapshot`. `provider` empty: no account fits.
  [[nodiscard]] const Pool& get(const snapshot::Snapshot& snapshot, std::string_view group_id,
                                std::string_view provider, std::string_view model);

  [[nodiscard]] std::size_t size() const { return pools_.size(); }
  // Pools that had to be built so far.
  [[nodiscard]] std::uint64_t built() const { return built_; }

 private:
  // Every snapshot in which an account of the group was added, changed or removed has another GroupAccounts; one with
  // the same GroupAccounts has the very same account entries. The pool keeps it, so no other gets its address.
  using Identity = std::shared_ptr<const snapshot::GroupAccounts>;
  struct Key {
    const snapshot::GroupAccounts* group = nullptr;
    std::string provider;
    std::string model;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Held {
    Identity identity;
    Pool pool;
  };

  void make_room(std::size_t entries);

  const std::size_t max_pools_;
  const std::size_t max_entries_;
  LruMap<Key, Held, KeyHash> pools_;
  std::size_t entries_ = 0;  // of all pools, those of the groups they keep included
  std::uint64_t built_ = 0;
  Key wanted_;  // reused, so that a lookup does not allocate
};

}  // namespace sluice::pick
