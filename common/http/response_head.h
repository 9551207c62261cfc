// Response heads: finding their end and parsing them, with Beast's parser. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/base/status.h"
#include "common/http/head.h"

namespace sluice::http {

// The size of the head at the start of `bytes`, with its empty line; nullopt if it is not whole yet. `searched` bytes
// were looked at by an earlier call.
[[nodiscard]] std::optional<std::size_t> find_response_head(std::string_view bytes, std::size_t searched);

// False if `bytes` cannot become the start of a response however many follow.
[[nodiscard]] bool may_be_response(std::string_view bytes);

// Parses exactly one head. The result points into `bytes`. kDataLoss if it breaks HTTP/1.1 or its framing is ambiguous.
[[nodiscard]] Result<ResponseHead> parse_response_head(std::string_view bytes, bool answers_head_request);

}  // namespace sluice::http
