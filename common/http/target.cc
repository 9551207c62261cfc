#include "common/http/target.h"

#include <algorithm>

#include "common/http/head.h"
#include "common/http/syntax.h"

namespace sluice::http {

namespace {

constexpr std::size_t kMaxHost = 255;

// "." or "..", with '%2e' for a dot as well. `segment` has no other escapes that matter here.
bool is_dot_segment(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty()) {
    std::size_t length = 1;
    if (segment.front() == '%') {
      if (segment.size() < 3 || segment[1] != '2' || (segment[2] | 0x20) != 'e') return false;
      length = 3;
    } else if (segment.front() != '.') {
      return false;
    }
    segment.remove_prefix(length);
    if (++dots > 2) return false;
  }
  return dots > 0;
}

std::string_view problem_of_escape(std::string_view rest) {
  const int high = rest.size() < 3 ? -1 : hex_value(rest[1]);
  const int low = rest.size() < 3 ? -1 : hex_value(rest[2]);
  if (high < 0 || low < 0) return "the path holds a broken percent escape";
  const int byte = high * 16 + low;
  if (byte < 0x20 || byte == 0x7f) return "the path holds an encoded control character";
  if (byte == '/' || byte == '\\') return "the path holds an encoded slash or backslash";
  return {};
}

std::string_view problem_of_path(std::string_view path) {
  if (path.find('%') == std::string_view::npos && path.find("/.") == std::string_view::npos) return {};
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    const std::string_view problem = problem_of_escape(path.substr(at));
    if (!problem.empty()) return problem;
  }
  std::size_t start = 1;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (is_dot_segment(path.substr(start, end - start))) return "the path holds a dot segment";
    start = end + 1;
  }
  return {};
}

// Splits "http://host/path" into authority and the rest; false if it is no such thing.
bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& rest) {
  std::size_t scheme = 0;
  if (same_name(target.substr(0, 7), "http://")) scheme = 7;
  if (same_name(target.substr(0, 8), "https://")) scheme = 8;
  if (scheme == 0) return false;
  target.remove_prefix(scheme);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  authority = target.substr(0, end);
  rest = target.substr(end);
  return !authority.empty();
}

bool is_valid_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || !all_are(port, kDigitChar)) return false;
  unsigned value = 0;
  for (const char digit : port)
    value = value * 10 + static_cast<unsigned>(digit - '0');
  return value >= 1 && value <= 65535;
}

bool is_ipv6_text(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

bool is_name_char(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return is(c, kDigitChar) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_';
}

}  // namespace

Target parse_target(std::string_view target) {
  if (target.empty() || !all_are(target, kTargetChar)) {
    return {.problem = "the target is empty or holds a character that is not allowed there"};
  }
  Target result;
  if (target.front() != '/') {
    std::string_view rest;
    if (!split_absolute(target, result.authority, rest)) return {.problem = "the target does not start with '/'"};
    target = rest;
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  result.path = mark == 0 ? std::string_view("/") : target.substr(0, mark);
  result.query = mark < target.size() ? target.substr(mark + 1) : std::string_view();
  result.problem = problem_of_path(result.path);
  return result;
}

bool is_valid_host(std::string_view host) {
  if (host.empty() || host.size() > kMaxHost) return false;
  if (host.front() == '[') {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos || !is_ipv6_text(host.substr(1, end - 1))) return false;
    const std::string_view port = host.substr(end + 1);
    return port.empty() || (port.front() == ':' && is_valid_port(port.substr(1)));
  }
  const std::size_t colon = std::min(host.find(':'), host.size());
  if (colon == 0 || !std::all_of(host.begin(), host.begin() + static_cast<std::ptrdiff_t>(colon), is_name_char)) {
    return false;
  }
  return colon == host.size() || is_valid_port(host.substr(colon + 1));
}

}  // namespace sluice::http
