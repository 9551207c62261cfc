// How one event becomes one line of JSON. Free functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/observe/log.h"

namespace sluice::observe {

// Without the newline. `program` and `node` are left out when empty.
[[nodiscard]] std::string log_line(SystemTime now, Level level, std::string_view program, std::string_view node,
                                   std::string_view event, std::span<const Field> fields);

// "debug", "info", "warn", "error".
[[nodiscard]] std::string_view name(Level level);

}  // namespace sluice::observe
