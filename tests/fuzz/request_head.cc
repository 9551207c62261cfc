// A head gets the same verdict however it is cut, and an accepted one keeps the promises of the parser.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "common/http/request_parser.h"

namespace {

using sluice::http::HeadScanner;
using sluice::http::Refusal;
using sluice::http::RequestHead;

constexpr std::size_t kMaxHead = 4096;
constexpr std::size_t kMaxFields = 16;

struct Scanned {
  HeadScanner::Found found = HeadScanner::Found::kMore;
  std::size_t head_bytes = 0;
};

Scanned scan(std::string_view wire, std::size_t step) {
  HeadScanner scanner;
  Refusal refusal;
  for (std::size_t size = std::min(step, wire.size());; size = std::min(size + step, wire.size())) {
    const HeadScanner::Found found = scanner.scan(wire.substr(0, size), kMaxHead, refusal);
    if (found != HeadScanner::Found::kMore || size == wire.size()) {
      return {found, found == HeadScanner::Found::kHead ? scanner.head_bytes() : 0};
    }
  }
}

void require(bool held) {
  if (!held) std::abort();
}

bool inside(std::string_view text, std::string_view view) {
  return view.empty() || (view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size());
}

void check_promises(std::string_view text, const RequestHead& head) {
  require(head.path.starts_with('/') && !head.host.empty() && head.fields.size() <= kMaxFields);
  require(head.path == "/" || inside(text, head.path));
  require(inside(text, head.method) && inside(text, head.query) && inside(text, head.host));
  for (const sluice::http::Field& field : head.fields) {
    require(inside(text, field.name) && inside(text, field.value) && !field.name.empty());
    require(field.name.find_first_of("_ \t\r\n:") == std::string_view::npos);
    require(field.value.find_first_of(std::string_view("\r\n\0\x7f", 4)) == std::string_view::npos);
  }
  const bool chunked = find(head.fields, "transfer-encoding").has_value();
  const bool length = find(head.fields, "content-length").has_value();
  require(!(chunked && length));
  require(chunked == (head.framing.kind == sluice::http::BodyFraming::Kind::kChunked));
  require(length == (head.framing.kind == sluice::http::BodyFraming::Kind::kLength));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Scanned whole = scan(wire, wire.size() + 1);
  const Scanned cut = scan(wire, 1 + data[0] % 16);
  // Only the moment of a refusal may differ: a cut input is refused for its size before its end is seen.
  require(whole.found == cut.found && whole.head_bytes == cut.head_bytes);
  if (whole.found != HeadScanner::Found::kHead) return 0;

  const std::string text(wire.substr(0, whole.head_bytes));
  RequestHead head;
  Refusal refusal;
  if (parse_request_head(text, kMaxFields, head, refusal)) {
    check_promises(text, head);
  } else {
    require(refusal.status >= 400 && refusal.status <= 505 && !refusal.message.empty());
  }
  return 0;
}
