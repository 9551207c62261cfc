#include "common/http/response_writer.h"

#include <charconv>

#include "common/http/date.h"
#include "common/http/syntax.h"

namespace sluice::http {

namespace {

// The phrase is for people; clients read the number.
std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 529:
      return "Overloaded";
    default:
      return "Status";
  }
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
}

void append_value(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  out.append(value);
  if (all_are(value, kValueChar)) return;
  for (std::size_t i = start; i < out.size(); ++i) {
    if (!is(out[i], kValueChar)) out[i] = ' ';
  }
}

}  // namespace

bool status_has_no_body(unsigned status) {
  return status < 200 || status == 204 || status == 304;
}

void append_response_head(std::string& out, const ResponseShape& shape, SystemTime now) {
  out.append("HTTP/1.1 ");
  append_number(out, shape.status);
  out.push_back(' ');
  out.append(reason(shape.status));
  out.append("\r\ndate: ");
  out.append(http_date(now));
  for (const Field& field : shape.fields) {
    out.append("\r\n");
    append_value(out, field.name);
    out.append(": ");
    append_value(out, field.value);
  }
  if (shape.content_length) {
    out.append("\r\ncontent-length: ");
    append_number(out, *shape.content_length);
  } else if (!status_has_no_body(shape.status)) {
    out.append("\r\ntransfer-encoding: chunked");
  }
  if (shape.close) out.append("\r\nconnection: close");
  out.append("\r\n\r\n");
}

ChunkSizeLine::ChunkSizeLine(std::size_t size) : start_(text_.size() - 2) {
  text_[start_] = '\r';
  text_[start_ + 1] = '\n';
  do {
    text_[--start_] = "0123456789abcdef"[size & 15];
    size >>= 4;
  } while (size != 0);
}

}  // namespace sluice::http
