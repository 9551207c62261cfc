// Response heads with the headers the vendor sends. Thread-safe: what is cached is per thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/fakes/anthropic/steering.h"

namespace sluice::fakes {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kEventStream = "text/event-stream; charset=utf-8";
inline constexpr std::string_view kHtml = "text/html; charset=UTF-8";
inline constexpr std::size_t kChunked = static_cast<std::size_t>(-1);
inline constexpr std::size_t kUntilClose = static_cast<std::size_t>(-2);

// Status line and headers up to and with the empty line. `length` is the body's, kChunked or
// kUntilClose. The steering's headers, interim heads and content type are in it.
std::string reply_head(const Steering& steering, int status, std::string_view content_type, std::size_t length,
                       std::string_view request_id, bool gzipped = false);
// The same without what only the vendor sends: for the fake's own pages.
std::string plain_head(int status, std::string_view content_type, std::size_t length);

}  // namespace sluice::fakes
