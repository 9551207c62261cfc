// How answers are shown. Free functions, any thread.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sluicectl {

enum class Format : std::uint8_t { kTable, kJson, kYaml };

// One row per object; the columns that say most, at most eight.
[[nodiscard]] std::string table(const google::protobuf::Descriptor& message, std::span<const boost::json::object> rows);
[[nodiscard]] std::string pretty_json(const boost::json::value& value);
[[nodiscard]] std::string yaml(const boost::json::value& value);

// Control characters become '?': what the server says cannot drive the terminal.
[[nodiscard]] std::string printable(std::string_view text);
// With the SGR code if stdout is a terminal and NO_COLOR is not set.
[[nodiscard]] std::string coloured(std::string_view text, int code);

}  // namespace sluice::sluicectl
