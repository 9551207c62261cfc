// A map from text to immutable values in 256 shards. A copy shares all shards with its original; a change copies only
// the shard it touches. So the next config costs what changed, not what there is. One thread changes a copy before it
// is published; published maps are read from any thread.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::snapshot {

// `KeyOf`: a stateless function object from a value to its key. The key must stay the same for the value's life.
template <class T, class KeyOf>
class ShardedMap {
 public:
  using Value = std::shared_ptr<const T>;

  ShardedMap() : root_(std::make_shared<Root>()) {}
  // The copy owns no shard yet, so its changes never reach the original.
  ShardedMap(const ShardedMap& other) : root_(other.root_), size_(other.size_) {}
  ShardedMap& operator=(const ShardedMap&) = delete;

  [[nodiscard]] const T* find(std::string_view key) const {
    const Slot* slot = find_slot(key);
    return slot == nullptr ? nullptr : slot->value.get();
  }
  [[nodiscard]] Value share(std::string_view key) const {
    const Slot* slot = find_slot(key);
    return slot == nullptr ? nullptr : slot->value;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

  template <class F>
  void for_each(F&& visit) const {
    for (const auto& shard : *root_) {
      if (shard == nullptr) continue;
      for (const Slot& slot : *shard)
        visit(*slot.value);
    }
  }

  // Inserts, or replaces the value with the same key.
  void put(Value value) {
    const std::size_t hash = hash_of(KeyOf()(*value));
    Shard& shard = own(hash);
    const auto at = locate(shard, hash, KeyOf()(*value));
    if (at != shard.end() && at->hash == hash && KeyOf()(*at->value) == KeyOf()(*value)) {
      at->value = std::move(value);
      return;
    }
    shard.insert(at, Slot{hash, std::move(value)});
    ++size_;
  }
  void erase(std::string_view key) {
    if (find_slot(key) == nullptr) return;
    const std::size_t hash = hash_of(key);
    Shard& shard = own(hash);
    shard.erase(locate(shard, hash, key));
    --size_;
  }

 private:
  static constexpr std::size_t kShards = 256;
  struct Slot {
    std::size_t hash;
    Value value;
  };
  using Shard = std::vector<Slot>;  // by hash
  using Root = std::array<std::shared_ptr<Shard>, kShards>;

  static std::size_t hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }
  static std::size_t shard_of(std::size_t hash) { return hash >> (sizeof(hash) * 8 - 8); }

  // The slot with the key; without one, where it belongs.
  template <class Slots>
  static auto locate(Slots& shard, std::size_t hash, std::string_view key) {
    auto at = std::lower_bound(shard.begin(), shard.end(), hash,
                               [](const Slot& slot, std::size_t value) { return slot.hash < value; });
    while (at != shard.end() && at->hash == hash && KeyOf()(*at->value) != key)
      ++at;
    return at;
  }
  const Slot* find_slot(std::string_view key) const {
    const std::size_t hash = hash_of(key);
    const Shard* shard = (*root_)[shard_of(hash)].get();
    if (shard == nullptr) return nullptr;
    const auto at = locate(*shard, hash, key);
    return at == shard->end() || at->hash != hash ? nullptr : &*at;
  }
  Shard& own(std::size_t hash) {
    if (!owns_root_) {
      root_ = std::make_shared<Root>(*root_);
      owns_root_ = true;
    }
    std::shared_ptr<Shard>& shard = (*root_)[shard_of(hash)];
    if (!owned_.test(shard_of(hash))) {
      shard = shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*shard);
      owned_.set(shard_of(hash));
    }
    return *shard;
  }

  std::shared_ptr<Root> root_;
  std::size_t size_ = 0;
  bool owns_root_ = false;
  std::bitset<kShards> owned_;
};

}  // namespace sluice::snapshot
