// UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits; sorts by time. Ids of every object and event.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice {

class Uuid {
 public:
  Uuid() = default;
  explicit Uuid(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  // A new UUIDv7 for this moment. Thread-safe.
  [[nodiscard]] static Uuid generate(SystemTime now);
  // Accepts the canonical 36-character form in either case.
  [[nodiscard]] static Result<Uuid> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  // The moment it was made for, to the millisecond. Meaningful for version 7 only.
  [[nodiscard]] SystemTime time() const;
  [[nodiscard]] int version() const { return bytes_[6] >> 4; }

  auto operator<=>(const Uuid&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace sluice
