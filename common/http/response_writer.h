// Writes response heads and chunk sizes as text. No I/O; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/http/head.h"

namespace sluice::http {

struct ResponseShape {
  unsigned status = 200;
  std::span<const Field> fields;                // without framing fields, date and connection
  std::optional<std::uint64_t> content_length;  // nullopt: chunked, or no body at all where the status has none
  bool close = false;                           // no further request is read
};

// A response of this status never has a body: 1xx, 204, 304 (RFC 9110, section 6.4.1).
[[nodiscard]] bool status_has_no_body(unsigned status);

// Appends the head with its empty line. Control characters in values are written as spaces: a value never ends its
// line.
void append_response_head(std::string& out, const ResponseShape& shape, SystemTime now);

// The size line of one chunk.
class ChunkSizeLine {
 public:
  explicit ChunkSizeLine(std::size_t size);
  [[nodiscard]] std::string_view text() const { return {text_.data() + start_, text_.size() - start_}; }

 private:
  std::array<char, 18> text_;
  std::size_t start_;
};

}  // namespace sluice::http
