// A bounded map that forgets what was used longest ago. Keeps no time and no thread: the owner's thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <unordered_map>
#include <utility>

namespace sluice::pick {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
 public:
  explicit LruMap(std::size_t capacity) : capacity_(capacity) {}
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  // Null if there is none; the value is now the newest. Good until the next put() or erase().
  [[nodiscard]] Value* find(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, at->second);
    return &at->second->second;
  }
  // Inserts or replaces; drops the oldest beyond the capacity.
  Value& put(const Key& key, Value value) {
    if (Value* held = find(key)) {
      *held = std::move(value);
      return *held;
    }
    if (!order_.empty() && order_.size() >= capacity_) drop_oldest();
    order_.emplace_front(key, std::move(value));
    index_.emplace(key, order_.begin());
    return order_.front().second;
  }
  void erase(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    order_.erase(at->second);
    index_.erase(at);
  }
  // Only if not empty.
  [[nodiscard]] const Value& oldest() const { return order_.back().second; }
  void drop_oldest() {
    index_.erase(order_.back().first);
    order_.pop_back();
  }
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<const Key, Value>>;
  const std::size_t capacity_;
  Order order_;  // newest first
  std::unordered_map<Key, typename Order::iterator, Hash> index_;
};

}  // namespace sluice::pick
