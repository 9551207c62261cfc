// Hashes and comparison of values that must not leak. Free functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);

// How admin tokens and other random tokens of ours (>= 128 bits) are stored: SHA-256, as 64 hex digits.
[[nodiscard]] std::string token_hash(std::string_view token);

// Takes the same time wherever the two differ; unequal lengths are unequal.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace sluice::crypto
