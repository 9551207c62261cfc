// A Lua script that Redis runs by its hash. Immutable; make one per script, at start; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice::redis {

class Script {
 public:
  // `source` must outlive the script.
  explicit Script(std::string_view source);

  [[nodiscard]] std::string_view source() const { return source_; }
  // SHA-1 in hex, as Redis names scripts.
  [[nodiscard]] const std::string& sha() const { return sha_; }

 private:
  std::string_view source_;
  std::string sha_;
};

}  // namespace sluice::redis
