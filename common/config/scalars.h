// How single values are written in config files. Free functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/config/section.h"

namespace sluice::config {

// nullopt for anything but a whole decimal number in range of the type.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
// "250ms", "10s", "5m", "1h", "7d"; "0" needs no unit. nullopt also if it does not fit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "512B", "64KiB", "32MiB", "1GiB"; "0" needs no unit. nullopt also if it does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// nullopt for an empty host, a port outside 0..65535, or an IPv6 address without brackets.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

// In the largest unit that divides it: "90s", "2h".
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);
[[nodiscard]] std::string size_to_text(std::uint64_t bytes);

}  // namespace sluice::config
