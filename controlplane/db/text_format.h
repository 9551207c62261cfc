// Reads PostgreSQL's text output (bytea_output hex, DateStyle ISO, time zone UTC). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/db/param.h"

namespace sluice::db {

// Empty if `text` is not a whole value of type T. Times that PostgreSQL can hold but that have no four-digit year
// ("infinity", BC) are not values; arrays have one dimension and no NULL.
template <class T>
[[nodiscard]] std::optional<T> parse_text(std::string_view text);

template <>
std::optional<std::string> parse_text(std::string_view text);
template <>
std::optional<bool> parse_text(std::string_view text);
template <>
std::optional<std::int32_t> parse_text(std::string_view text);
template <>
std::optional<std::int64_t> parse_text(std::string_view text);
template <>
std::optional<std::uint32_t> parse_text(std::string_view text);
template <>
std::optional<std::uint64_t> parse_text(std::string_view text);
template <>
std::optional<SystemTime> parse_text(std::string_view text);
template <>
std::optional<Bytes> parse_text(std::string_view text);
template <>
std::optional<std::vector<std::string>> parse_text(std::string_view text);
template <>
std::optional<std::vector<std::int64_t>> parse_text(std::string_view text);

}  // namespace sluice::db
