// Changes one value of a JSON document without touching any other byte. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::json {

// `body` with the string at the top-level key replaced by `value` (plain text, written escaped). kInvalidArgument if
// the body is no object or has no string there. `body` needs 64 readable bytes behind its end. The result has them,
// too.
[[nodiscard]] Result<std::string> replace_string(const std::string& body, std::string_view key, std::string_view value);

}  // namespace sluice::json
