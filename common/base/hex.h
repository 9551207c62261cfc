// Bytes to lower-case hexadecimal and back. Free functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string to_hex(std::string_view bytes);

// Both cases; nullopt for an odd length or any other character.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace sluice
