#include "tests/fakes/anthropic/replies.h"

#include <algorithm>
#include <array>

#include "tests/fakes/anthropic/gzip_stream.h"
#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

struct ErrorKind {
  int status;
  std::string_view type;
  std::string_view message;
};

constexpr std::array<ErrorKind, 16> kErrors{{
    {400, "invalid_request_error", "messages: the fake vendor was told to refuse this"},
    {401, "authentication_error", "invalid x-api-key"},
    {402, "billing_error", "Your credit balance is too low to access the Anthropic API."},
    {403, "permission_error", "Your API key does not have permission to use the specified resource."},
    {404, "not_found_error", "model: not found"},
    {405, "invalid_request_error", "Method Not Allowed"},
    {408, "timeout_error", "Request timed out"},
    {409, "conflict_error", "Conflict"},
    {413, "request_too_large", "Request exceeds the maximum size"},
    {422, "invalid_request_error", "Unprocessable request"},
    {429, "rate_limit_error", "This request would exceed your organization's rate limit."},
    {500, "api_error", "Internal server error"},
    {502, "api_error", "Bad gateway"},
    {503, "api_error", "Service temporarily unavailable"},
    {504, "timeout_error", "The request timed out upstream"},
    {529, "overloaded_error", "Overloaded"},
}};
constexpr std::size_t kInternalError = 11;

const ErrorKind& error_kind(int status) {
  for (const ErrorKind& kind : kErrors) {
    if (kind.status == status) return kind;
  }
  return status < 500 ? kErrors.front() : kErrors[kInternalError];
}

}  // namespace

std::string_view default_message(int status) {
  return error_kind(status).message;
}

namespace {

Script body_reply(const Steering& steering, int status, std::string_view type, std::string_view body,
                  std::string_view request_id, std::uint32_t delay_ms) {
  const std::string zipped = steering.gzip ? GzipStream().finish(body) : std::string();
  const std::string_view sent = steering.gzip ? std::string_view(zipped) : body;
  const std::size_t length = steering.until_close ? kUntilClose : sent.size();
  Script out;
  out.status = status;
  out.add(cat({reply_head(steering, status, type, length, request_id, steering.gzip), sent}), delay_ms);
  if (steering.until_close) out.end = End::kClose;
  return out;
}

std::string html_page(int status) {
  return cat(
      {"<html>\r\n<head><title>", std::to_string(status), "</title></head>\r\n<body>cloudflare</body></html>\r\n"});
}

std::string error_json(std::string_view type, std::string_view message, std::string_view request_id) {
  return cat({R"({"type":"error","error":{"type":)", json_string(type), ",\"message\":", json_string(message),
              R"(},"request_id":")", request_id, "\"}"});
}

}  // namespace

Script json_reply(const Steering& steering, int status, std::string_view body, std::uint32_t delay_ms) {
  return body_reply(steering, status, kJson, body, make_id("req_"), delay_ms);
}

Script error_reply(const Steering& steering, int status, std::string_view message, std::uint32_t delay_ms) {
  const std::string id = make_id("req_");
  if (steering.garbage || steering.html) return body_reply(steering, status, kHtml, html_page(status), id, delay_ms);
  const std::string_view type = steering.error_type.empty() ? error_kind(status).type : steering.error_type;
  const std::string_view said = steering.message.empty() ? message : steering.message;
  return body_reply(steering, status, kJson, error_json(type, said, id), id, delay_ms);
}

Script error_body(const Steering& steering, std::uint32_t delay_ms) {
  const std::string id = make_id("req_");
  const std::string_view said = steering.message.empty() ? "Overloaded" : std::string_view(steering.message);
  return body_reply(steering, 200, kJson, error_json(steering.error_event, said, id), id, delay_ms);
}

Script html_reply(const Steering& steering, std::uint32_t delay_ms) {
  return body_reply(steering, 200, kHtml, html_page(200), make_id("req_"), delay_ms);
}

Script endless_json(const Steering& steering) {
  constexpr std::string_view kStart = R"({"type":"message","role":"assistant","content":[{"type":"text","text":")";
  Script out;
  out.add(cat({reply_head(steering, 200, kJson, kUntilClose, make_id("req_")), kStart}), steering.headers_delay_ms);
  out.repeat_from(out.steps().size());
  const std::string piece = "for ever and ever and ever and " + std::string(steering.huge_event, 'x');
  out.add(piece, std::max(steering.token_delay_ms, 1u));
  return out;
}

Script cut_reply(const Steering& steering, std::string_view body, std::uint32_t delay_ms) {
  const bool stalls = steering.stall || steering.stall_after;
  const bool at_once = steering.stall_after == 0u || steering.after == 0u;
  const bool no_body = steering.cut == Cut::kAfterHeaders || (stalls && at_once);
  const std::string_view half = body.substr(0, no_body ? 0 : body.size() / 2);
  const std::size_t announced = steering.cut == Cut::kClean ? half.size() : body.size();
  Script out;
  out.add(cat({reply_head(steering, 200, kJson, announced, make_id("req_")), half}), delay_ms);
  out.end = steering.cut == Cut::kNone    ? End::kHold
            : steering.cut == Cut::kClean ? End::kNext
            : steering.reset_connection   ? End::kReset
                                          : End::kClose;
  return out;
}

Script no_head(const Steering& steering) {
  Script out;
  out.status = 0;
  out.add_static(steering.cut == Cut::kBadHead ? "\x15\x03\x01 this is not HTTP\r\n\r\n" : "",
                 steering.headers_delay_ms);
  out.end = steering.hang ? End::kHold : steering.reset_connection ? End::kReset : End::kClose;
  return out;
}

Script page(int status, std::string body) {
  Script out;
  out.status = status;
  body += '\n';
  out.add(plain_head(status, kJson, body.size()) + body);
  return out;
}

}  // namespace sluice::fakes
