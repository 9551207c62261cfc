// Who of this worker holds a slot in which scope, for the heartbeat that renews them. One worker.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "dataplane/limit/calls.h"

namespace sluice::limit {

class HeldScopes {
 public:
  // `limit`: how many slots the scope has now, as far as this worker knows. `member` must live until removed.
  void add(const std::string& scope, std::uint32_t limit, std::string_view member);
  void remove(const std::string& scope, std::string_view member);
  [[nodiscard]] std::size_t size() const { return size_; }

  // Calls `use` with all that is held, in parts of kMembersPerCall members at most. Valid only during the call.
  void for_each_part(const std::function<void(std::span<const HeldScope>)>& use) const;

 private:
  struct Members {
    std::uint32_t limit = 0;
    std::unordered_set<std::string_view> members;
  };
  std::unordered_map<std::string, Members> scopes_;
  std::size_t size_ = 0;
};

}  // namespace sluice::limit
