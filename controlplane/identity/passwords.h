// Passwords: which ones are taken, and their hashes (Argon2id). Any thread; hashing takes about 0.1 s and 64 MiB, and
// only few do it at once.
#pragma once

#include <semaphore>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::identity {

inline constexpr std::size_t kShortestPassword = 10;  // characters
inline constexpr std::size_t kLongestPassword = 256;

// kInvalidArgument that starts with `field`: length, no UTF-8, or the e-mail address itself.
[[nodiscard]] Result<> check_password(std::string_view field, std::string_view password, std::string_view email);

class PasswordHasher {
 public:
  PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // With its parameters and a salt of its own: "$argon2id$...". kUnavailable if too many wait.
  [[nodiscard]] Result<std::string> hash(std::string_view password) const;
  // An empty `hash`, of nobody's password, is never right and takes as long as any other.
  [[nodiscard]] Result<bool> verify(std::string_view hash, std::string_view password) const;

 private:
  static constexpr int kAtOnce = 2;
  mutable std::counting_semaphore<kAtOnce> places_{kAtOnce};
  std::string nobodys_;
};

}  // namespace sluice::identity
