#include "common/config/scalars.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>

namespace sluice::config {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// From small to large.
constexpr std::array<Unit, 5> kDurations = {
    Unit{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::array<Unit, 4> kSizes = {Unit{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  if (text == "0") return 0;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::int64_t> number = parse_integer(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    std::int64_t value = 0;
    if (unit.name != text.substr(digits)) continue;
    if (__builtin_mul_overflow(*number, unit.factor, &value)) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

std::string with_largest_unit(std::int64_t value, std::span<const Unit> units) {
  for (std::size_t i = units.size(); i-- > 1;) {
    if (value != 0 && value % units[i].factor == 0) return fmt::format("{}{}", value / units[i].factor, units[i].name);
  }
  return fmt::format("{}{}", value, units[0].name);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::optional<std::int64_t> value = parse_with_unit(text, kDurations);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<std::int64_t> value = parse_with_unit(text, kSizes);
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("[] \t/@") != std::string_view::npos) return std::nullopt;
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  const std::optional<std::int64_t> port = parse_integer(digits);
  if (!port || *port < 0 || *port > 65535) return std::nullopt;
  return HostPort{.host = std::string(host), .port = static_cast<std::uint16_t>(*port)};
}

std::string to_text(std::chrono::milliseconds duration) {
  return with_largest_unit(duration.count(), kDurations);
}

std::string size_to_text(std::uint64_t bytes) {
  return with_largest_unit(static_cast<std::int64_t>(bytes), kSizes);
}

}  // namespace sluice::config
