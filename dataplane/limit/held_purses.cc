#include "dataplane/limit/held_purses.h"

namespace sluice::limit {

void HeldPurses::add(const std::string& purse, std::int64_t delta_micro) {
  Purse& at = purses_[purse];
  at.held_micro += delta_micro;
  at.changed = true;
}

std::int64_t HeldPurses::held_micro(const std::string& purse) const {
  const auto found = purses_.find(purse);
  return found == purses_.end() ? 0 : found->second.held_micro;
}

std::vector<std::string> HeldPurses::all() const {
  std::vector<std::string> ids;
  ids.reserve(purses_.size());
  for (const auto& [id, at] : purses_)
    ids.push_back(id);
  return ids;
}

void HeldPurses::telling(const std::string& purse) {
  const auto found = purses_.find(purse);
  if (found != purses_.end()) found->second.changed = false;
}

void HeldPurses::told(const std::string& purse) {
  const auto found = purses_.find(purse);
  if (found != purses_.end() && found->second.held_micro == 0 && !found->second.changed) purses_.erase(found);
}

}  // namespace sluice::limit
