// Percent-encoding of paths and queries (RFC 3986; application/x-www-form-urlencoded). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"

namespace sluice::api {

// nullopt for a '%' without two hex digits. `plus_is_space` in queries only.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// "a=1&b=x%20y" as decoded pairs, in order. kInvalidArgument for a broken escape.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace sluice::api
