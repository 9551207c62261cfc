#include "common/http/request_parser.h"

#include <algorithm>

#include "common/http/request_fields.h"
#include "common/http/syntax.h"
#include "common/http/target.h"

namespace sluice::http {

namespace {

constexpr std::size_t kMaxMethodBytes = 24;
constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"

bool refuse(Refusal& refusal, unsigned status, std::string_view message) {
  refusal.status = status;
  refusal.message = message;
  return false;
}

// Takes the text up to the next CRLF; the scanner made sure that there is one and that no LF stands alone.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

struct RequestLine {
  bool http_10 = false;
  std::string_view authority;
};

bool parse_version(std::string_view version, RequestLine& line, Refusal& refusal) {
  if (version == "HTTP/1.1") return true;
  if (version.size() != kVersionBytes || !version.starts_with("HTTP/") || !is(version[5], kDigitChar) ||
      version[6] != '.' || !is(version[7], kDigitChar)) {
    return refuse(refusal, 400, "the request line does not end in an HTTP version");
  }
  // HTTP/1.0 goes on to the fields: with a transfer coding it is not only old but faulty.
  line.http_10 = version == "HTTP/1.0";
  return line.http_10 || refuse(refusal, 505, "only HTTP/1.1 is spoken here");
}

bool parse_request_line(std::string_view text, RequestHead& head, RequestLine& line, Refusal& refusal) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(refusal, 400, "the request line is not 'METHOD target HTTP/1.1'");
  }
  head.method = text.substr(0, first);
  if (head.method.empty() || !all_are(head.method, kTokenChar)) return refuse(refusal, 400, "the method is no token");
  if (!parse_version(text.substr(last + 1), line, refusal)) return false;
  if (head.method.size() > kMaxMethodBytes || head.method == "TRACE" || head.method == "CONNECT") {
    return refuse(refusal, 501, "the method is not offered");
  }
  const std::string_view raw = text.substr(first + 1, last - first - 1);
  if (raw.size() > kMaxTargetBytes) return refuse(refusal, 414, "the request target is too long");
  const Target target = parse_target(raw);
  if (!target.problem.empty()) return refuse(refusal, 400, target.problem);
  head.path = target.path;
  head.query = target.query;
  line.authority = target.authority;
  return true;
}

// False for whatever is no "name: value", so also for folded lines and space before the colon.
bool parse_field(std::string_view line, Field& field) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  field.name = line.substr(0, colon);
  field.value = trim(line.substr(colon + 1));
  return all_are(field.name, kNameChar) && all_are(field.value, kValueChar);
}

}  // namespace

bool parse_request_head(std::string_view text, std::size_t max_fields, RequestHead& head, Refusal& refusal) {
  head.fields.clear();
  head.host = {};
  head.framing = {};
  head.keep_alive = true;
  head.expects_continue = false;

  RequestLine line;
  if (!parse_request_line(take_line(text), head, line, refusal)) return false;
  FieldRules rules(head, refusal);
  for (std::string_view rest = take_line(text); !rest.empty(); rest = take_line(text)) {
    if (head.fields.size() == max_fields) return refuse(refusal, 431, "the request has too many header fields");
    Field field;
    if (!parse_field(rest, field)) return refuse(refusal, 400, "a header line is malformed");
    if (!rules.take(field)) return false;
    head.fields.push_back(field);
  }
  if (!rules.finish(line.http_10)) return false;
  if (!line.authority.empty() && !same_name(line.authority, head.host)) {
    return refuse(refusal, 400, "the target names another host than the Host field");
  }
  return true;
}

}  // namespace sluice::http
