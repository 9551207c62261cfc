// What a caller may do, as words: "users.read", "users.write". Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace sluice::identity {

class Scopes {
 public:
  Scopes() = default;
  // Aborts on a word that is no scope: these are written in code. "*.read" is every scope that only reads.
  Scopes(std::initializer_list<std::string_view> names);

  [[nodiscard]] static Scopes all();
  // kInvalidArgument naming the word that is no scope.
  [[nodiscard]] static Result<Scopes> parse(std::span<const std::string> names);
  // Every word there is, sorted.
  [[nodiscard]] static std::span<const std::string_view> names();
  [[nodiscard]] static bool exists(std::string_view name);

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] bool covers(Scopes other) const { return (other.bits_ & ~bits_) == 0; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  [[nodiscard]] std::vector<std::string> list() const;

  [[nodiscard]] friend Scopes operator&(Scopes a, Scopes b) { return Scopes(a.bits_ & b.bits_); }
  [[nodiscard]] friend Scopes operator|(Scopes a, Scopes b) { return Scopes(a.bits_ | b.bits_); }
  [[nodiscard]] friend bool operator==(Scopes a, Scopes b) = default;

 private:
  explicit Scopes(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;  // by place in names()
};

}  // namespace sluice::identity
