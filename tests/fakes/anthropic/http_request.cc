#include "tests/fakes/anthropic/http_request.h"

#include <charconv>

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

struct Framing {
  std::size_t length = 0;
  bool chunked = false;
};

bool read_request_line(std::string_view line, HttpRequest& out) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first) return false;
  const std::string_view version = line.substr(last + 1);
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  out.path = out.target.substr(0, out.target.find('?'));
  out.keep_alive = version == "HTTP/1.1";
  return (version == "HTTP/1.1" || version == "HTTP/1.0") && out.target.starts_with('/');
}

bool read_header(std::string_view line, HttpRequest& out, Framing& framing) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  out.headers.emplace_back(name, value);
  if (equal_ignoring_case(name, "content-length")) {
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), framing.length);
    return problem == std::errc{} && end == value.data() + value.size() && framing.length <= kMaxRequestBytes;
  }
  if (equal_ignoring_case(name, "transfer-encoding")) framing.chunked = equal_ignoring_case(value, "chunked");
  if (equal_ignoring_case(name, "expect")) out.expects_continue = equal_ignoring_case(value, "100-continue");
  if (equal_ignoring_case(name, "connection")) {
    if (equal_ignoring_case(value, "close")) out.keep_alive = false;
    if (equal_ignoring_case(value, "keep-alive")) out.keep_alive = true;
  }
  return true;
}

// Reads a chunked body (RFC 9112 section 7.1) that starts at `at`.
ParseState read_chunks(std::string_view buffer, std::size_t at, HttpRequest& out) {
  out.decoded.clear();
  while (true) {
    const std::size_t line_end = buffer.find("\r\n", at);
    if (line_end == std::string_view::npos) return ParseState::kNeedMore;
    std::size_t size = 0;
    const auto [end, problem] = std::from_chars(buffer.data() + at, buffer.data() + line_end, size, 16);
    if (problem != std::errc{} || size > kMaxRequestBytes) return ParseState::kBad;
    if (end != buffer.data() + line_end && *end != ';') return ParseState::kBad;
    at = line_end + 2;
    if (size == 0) break;
    if (buffer.size() < at + size + 2) return ParseState::kNeedMore;
    if (buffer.substr(at + size, 2) != "\r\n") return ParseState::kBad;
    out.decoded.append(buffer.substr(at, size));
    at += size + 2;
  }
  while (true) {  // trailers, up to an empty line
    const std::size_t line_end = buffer.find("\r\n", at);
    if (line_end == std::string_view::npos) return ParseState::kNeedMore;
    const bool last = line_end == at;
    at = line_end + 2;
    if (last) break;
  }
  out.body = out.decoded;
  out.size = at;
  return ParseState::kDone;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string_view HttpRequest::query(std::string_view name) const {
  std::string_view rest = target.size() > path.size() ? target.substr(path.size() + 1) : std::string_view{};
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view item = rest.substr(0, end);
    if (item.starts_with(name) && item.size() > name.size() && item[name.size()] == '=') {
      return item.substr(name.size() + 1);
    }
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return {};
}

ParseState parse_request(std::string_view buffer, HttpRequest& out) {
  out.method = {};
  out.headers.clear();
  out.expects_continue = false;
  const std::size_t head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return buffer.size() > (1u << 20) ? ParseState::kBad : ParseState::kNeedMore;
  std::string_view head = buffer.substr(0, head_end);
  std::size_t line_end = head.find("\r\n");
  if (!read_request_line(head.substr(0, line_end), out)) return ParseState::kBad;
  Framing framing;
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    if (!read_header(head.substr(0, line_end), out, framing)) return ParseState::kBad;
  }
  const std::size_t body_start = head_end + 4;
  if (framing.chunked) return read_chunks(buffer, body_start, out);
  if (buffer.size() < body_start + framing.length) return ParseState::kNeedMore;
  out.body = buffer.substr(body_start, framing.length);
  out.size = body_start + framing.length;
  return ParseState::kDone;
}

}  // namespace sluice::fakes
