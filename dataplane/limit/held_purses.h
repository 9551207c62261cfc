// What this worker holds of each purse, as it says so in Redis. Holds that Redis was asked for count from the moment
// they are sent, so that telling Redis the sum never drops one. One worker.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::limit {

class HeldPurses {
 public:
  void add(const std::string& purse, std::int64_t delta_micro);
  [[nodiscard]] std::int64_t held_micro(const std::string& purse) const;
  [[nodiscard]] std::size_t size() const { return purses_.size(); }

  // Everything that Redis should hear of: held, or held lately.
  [[nodiscard]] std::vector<std::string> all() const;
  // What is sent is what is held now.
  void telling(const std::string& purse);
  // Redis has heard it: forgets the purse if nothing is held and nothing has changed since telling().
  void told(const std::string& purse);

 private:
  struct Purse {
    std::int64_t held_micro = 0;
    bool changed = true;
  };
  std::unordered_map<std::string, Purse> purses_;
};

}  // namespace sluice::limit
