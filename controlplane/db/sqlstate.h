// What PostgreSQL's five-letter error codes mean to us. Pure functions.
#pragma once

#include <string_view>

#include "common/base/status.h"

namespace sluice::db {

// "" (no code: the connection is gone) is kUnavailable.
[[nodiscard]] ErrorCode code_of(std::string_view sqlstate);

// Serialization failure or deadlock: the same transaction may succeed when tried again.
[[nodiscard]] bool is_conflict(std::string_view sqlstate);

}  // namespace sluice::db
