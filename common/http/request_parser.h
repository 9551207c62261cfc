// Strict parsing of HTTP/1.1 request heads (RFC 9112), in two steps without I/O: find where a head ends in bytes that
// are still coming in, then parse it whole. What is ambiguous anywhere is refused: parsers disagree on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/http/head.h"
#include "common/http/refusal.h"

namespace sluice::http {

inline constexpr std::size_t kMaxTargetBytes = 8 * 1024;

// Finds the end of a head. One per head; looks at every byte once.
class HeadScanner {
 public:
  enum class Found : std::uint8_t { kMore, kHead, kRefused };
  // `bytes` is everything received of this head so far, from its first byte, and whatever follows it.
  [[nodiscard]] Found scan(std::string_view bytes, std::size_t max_head_bytes, Refusal& refusal);
  // After kHead: the length of the head with its empty line.
  [[nodiscard]] std::size_t head_bytes() const { return line_start_; }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;  // of the line that is not complete yet
};

// Parses one whole head as the scanner found it. The views in `head` point into `text`; the memory of `head.fields` is
// used again. False: refused, `refusal` says why, and `head` holds nothing of use.
[[nodiscard]] bool parse_request_head(std::string_view text, std::size_t max_fields, RequestHead& head,
                                      Refusal& refusal);

}  // namespace sluice::http
