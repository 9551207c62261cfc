// Randomness. Cryptographic unless the name says otherwise. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sluice {

void fill_random(std::span<std::uint8_t> out);

// Evenly distributed in [0, bound); bound > 0.
[[nodiscard]] std::uint64_t random_below(std::uint64_t bound);

// `length` characters of [0-9A-Za-z].
[[nodiscard]] std::string random_base62(std::size_t length);

}  // namespace sluice
