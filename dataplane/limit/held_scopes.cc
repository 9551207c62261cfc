#include "dataplane/limit/held_scopes.h"

#include <algorithm>

namespace sluice::limit {

void HeldScopes::add(const std::string& scope, std::uint32_t limit, std::string_view member) {
  Members& at = scopes_[scope];
  at.limit = limit;
  if (at.members.insert(member).second) ++size_;
}

void HeldScopes::remove(const std::string& scope, std::string_view member) {
  const auto found = scopes_.find(scope);
  if (found == scopes_.end() || found->second.members.erase(member) == 0) return;
  --size_;
  if (found->second.members.empty()) scopes_.erase(found);
}

void HeldScopes::for_each_part(const std::function<void(std::span<const HeldScope>)>& use) const {
  std::vector<std::string_view> members;
  members.reserve(size_);  // never moves: the parts point into it
  std::vector<HeldScope> part;
  std::size_t in_part = 0;
  const auto finish_part = [&] {
    if (!part.empty()) use(part);
    part.clear();
    in_part = 0;
  };
  for (const auto& [scope, at] : scopes_) {
    const std::size_t first = members.size();
    members.insert(members.end(), at.members.begin(), at.members.end());
    std::span<const std::string_view> left(members.data() + first, at.members.size());
    while (!left.empty()) {
      const std::size_t now = std::min(left.size(), kMembersPerCall - in_part);
      part.push_back({scope, at.limit, left.first(now)});
      left = left.subspan(now);
      in_part += now;
      if (in_part == kMembersPerCall) finish_part();
    }
  }
  finish_part();
}

}  // namespace sluice::limit
