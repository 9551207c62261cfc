#include "tests/fakes/anthropic/reply_head.h"

#include <array>
#include <charconv>
#include <ctime>

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 529:
      return "Overloaded";
    default:
      return "Status";
  }
}

// `reset` empty: without the -reset headers; nothing is left of the limit `exhausted`.
std::string rate_limits(std::string_view reset, std::string_view exhausted = {}) {
  std::string out;
  for (const auto& [kind, limit, left] : {std::array<std::string_view, 3>{"requests", "4000", "3999"},
                                          {"tokens", "500000", "499000"},
                                          {"input-tokens", "400000", "399000"},
                                          {"output-tokens", "100000", "99000"}}) {
    out += cat({"anthropic-ratelimit-", kind, "-limit: ", limit, "\r\nanthropic-ratelimit-", kind,
                "-remaining: ", kind == exhausted ? "0" : left, "\r\n"});
    if (!reset.empty()) out += cat({"anthropic-ratelimit-", kind, "-reset: ", reset, "\r\n"});
  }
  return out;
}

// What every good answer of this second carries.
std::string_view common_headers(bool with_limits) {
  thread_local std::time_t built_at = 0;
  thread_local std::string plain, limited;
  const std::time_t now = std::time(nullptr);
  if (now != built_at) {
    built_at = now;
    plain = cat({"date: ", http_date(now),
                 "\r\nserver: cloudflare\r\nvia: 1.1 google\r\ncf-cache-status: DYNAMIC\r\n"
                 "anthropic-organization-id: 11111111-2222-4333-8444-555555555555\r\n"
                 "strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
                 "x-robots-tag: none\r\n"});
    limited = plain + rate_limits(rfc3339(now + 1));
  }
  return with_limits ? limited : plain;
}

void add_limit_headers(const Steering& steering, int status, std::string& out) {
  if (steering.retry_after_s) out += cat({"retry-after: ", std::to_string(*steering.retry_after_s), "\r\n"});
  if (steering.reset_s) {
    const std::int64_t at = std::time(nullptr) + *steering.reset_s;
    out += rate_limits(rfc3339(at), steering.exhausted);
    const std::string_view verdict = status == 429 ? "rejected" : "allowed";
    out += cat({"anthropic-ratelimit-unified-status: ", verdict,
                "\r\nanthropic-ratelimit-unified-reset: ", std::to_string(at), "\r\n"});
  }
  if (status == 429 && !steering.reset_s) out += rate_limits({}, steering.exhausted);
  const bool retryable = status == 408 || status == 409 || status == 429 || status >= 500;
  if (steering.should_retry || status != 200) {
    out += steering.should_retry.value_or(retryable) ? "x-should-retry: true\r\n" : "x-should-retry: false\r\n";
  }
}

void add_framing(std::string_view content_type, std::size_t length, std::string& out) {
  out += cat({"content-type: ", content_type, "\r\n"});
  if (length == kUntilClose) {
    out += "cache-control: no-cache\r\nconnection: close\r\n\r\n";
  } else if (length == kChunked) {
    out += "cache-control: no-cache\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n";
  } else {
    out += cat({"content-length: ", std::to_string(length), "\r\nconnection: keep-alive\r\n\r\n"});
  }
}

// {unix+30} and {rfc3339+30} become times.
std::string with_times(std::string_view value) {
  for (const std::string_view form : {"{unix+", "{rfc3339+"}) {
    const std::size_t start = value.find(form);
    const std::size_t end = value.find('}', start);
    if (start == std::string_view::npos || end == std::string_view::npos) continue;
    std::int64_t seconds = 0;
    std::from_chars(value.data() + start + form.size(), value.data() + end, seconds);
    const std::int64_t at = std::time(nullptr) + seconds;
    const std::string time = form[1] == 'u' ? std::to_string(at) : rfc3339(at);
    return cat({value.substr(0, start), time, value.substr(end + 1)});
  }
  return std::string(value);
}

void add_own_headers(const Steering& steering, std::string& out) {
  for (const std::string_view header : steering.headers) {
    const std::size_t colon = header.find(':');
    out += cat({header.substr(0, colon), ": ", with_times(trimmed(header.substr(colon + 1))), "\r\n"});
  }
  if (steering.head_bytes > 0) out += cat({"x-padding: ", std::string(steering.head_bytes, 'p'), "\r\n"});
}

}  // namespace

std::string reply_head(const Steering& steering, int status, std::string_view content_type, std::size_t length,
                       std::string_view request_id, bool gzipped) {
  std::string out;
  out.reserve(1600);
  for (std::uint32_t i = 0; i < steering.interim; ++i)
    out += "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
  out += cat({"HTTP/1.1 ", std::to_string(status), " ", reason_of(status), "\r\n"});
  out += common_headers(status == 200 && !steering.reset_s);
  out += cat({"request-id: ", request_id, "\r\n"});
  add_limit_headers(steering, status, out);
  if (gzipped) out += "content-encoding: gzip\r\n";
  add_own_headers(steering, out);
  add_framing(steering.content_type.empty() ? content_type : steering.content_type, length, out);
  return out;
}

std::string plain_head(int status, std::string_view content_type, std::size_t length) {
  std::string out = cat({"HTTP/1.1 ", std::to_string(status), " ", reason_of(status), "\r\n"});
  add_framing(content_type, length, out);
  return out;
}

}  // namespace sluice::fakes
