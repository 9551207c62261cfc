// Conversations stay with one account, for the upstream's prompt cache. The key of a conversation is bound to the
// tenant: two users, or two groups, with the same prompt share nothing. Any thread, but for StickyMemory.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/head.h"
#include "dataplane/pick/lru_map.h"

namespace sluice::pick {

// The client's own name for the conversation from the headers that clients use; empty if there is none.
[[nodiscard]] std::string session_of(const std::vector<http::Field>& fields);

// 32 hex digits; empty if both hints are. A session goes before a prefix (protocol::Call); the two never collide.
[[nodiscard]] std::string sticky_key(std::string_view user_id, std::string_view group_id, std::string_view session,
                                     std::string_view prefix);

// The conversations that one worker has served lately: their account is among the candidates of the first script call.
// A hint only, the binding is in Redis. Bounded. The worker's thread only.
class StickyMemory {
 public:
  explicit StickyMemory(std::size_t capacity = 32'768) : bound_(capacity) {}

  void bind(const std::string& key, std::string_view account_id, std::chrono::milliseconds ttl, SteadyTime now);
  // Id of the account; empty if none is known. Good until the next bind().
  [[nodiscard]] std::string_view find(const std::string& key, SteadyTime now);
  void forget(const std::string& key) { bound_.erase(key); }
  [[nodiscard]] std::size_t size() const { return bound_.size(); }

 private:
  struct Bound {
    std::string account_id;
    SteadyTime until;
  };
  LruMap<std::string, Bound> bound_;
};

}  // namespace sluice::pick
