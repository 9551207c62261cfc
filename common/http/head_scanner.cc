#include "common/http/request_parser.h"
#include "common/http/syntax.h"

namespace sluice::http {

namespace {

// Longest request line: method and version take little beside the target.
constexpr std::size_t kMaxRequestLine = kMaxTargetBytes + 64;

HeadScanner::Found refuse(Refusal& refusal, unsigned status, std::string_view message) {
  refusal.status = status;
  refusal.message = message;
  return HeadScanner::Found::kRefused;
}

}  // namespace

HeadScanner::Found HeadScanner::scan(std::string_view bytes, std::size_t max_head_bytes, Refusal& refusal) {
  // Garbage (a TLS greeting, an empty line) is not waited for.
  if (!bytes.empty() && !is(bytes.front(), kTokenChar)) {
    return refuse(refusal, 400, "the request does not start with a method");
  }
  for (;;) {
    const std::size_t end = bytes.find('\n', scanned_);
    const bool whole_line = end != std::string_view::npos;
    const std::size_t seen = whole_line ? end + 1 : bytes.size();
    if (line_start_ == 0 && seen > kMaxRequestLine) return refuse(refusal, 414, "the request target is too long");
    if (seen > max_head_bytes) return refuse(refusal, 431, "the request header is too large");
    scanned_ = seen;
    if (!whole_line) return Found::kMore;
    if (end == 0 || bytes[end - 1] != '\r') return refuse(refusal, 400, "a line does not end in CRLF");
    const bool empty_line = end - 1 == line_start_;
    line_start_ = end + 1;
    if (empty_line) return Found::kHead;
  }
}

}  // namespace sluice::http
