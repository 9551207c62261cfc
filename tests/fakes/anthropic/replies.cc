#include "tests/fakes/anthropic/replies.h"

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

constexpr std::array<ErrorKind, 12> kErrors{{
    {400, "invalid_request_error", "messages: the fake vendor was told to refuse this"},
    {401, "authentication_error", "invalid x-api-key"},
    {402, "billing_error", "Your credit balance is too low to access the Anthropic API."},
    {403, "permission_error", "Your API key does not have permission to use the specified resource."},
    {404, "not_found_error", "model: not found"},
    {405, "invalid_request_error", "Method Not Allowed"},
    {408, "timeout_error", "Request timed out"},
    {409, "conflict_error", "Conflict"},
    {413, "request_too_large", "Request exceeds the maximum size"},
    {429, "rate_limit_error", "This request would exceed your organization's rate limit."},
    {500, "api_error", "Internal server error"},
    {529, "overloaded_error", "Overloaded"},
}};

const ErrorKind& error_kind(int status) {
  for (const ErrorKind& kind : kErrors) {
    if (kind.status == status) return kind;
  }
  return status < 500 ? kErrors.front() : kErrors[10];
}

}  // namespace

std::string_view default_message(int status) {
  return error_kind(status).message;
}

Script json_reply(const Steering& steering, int status, std::string_view body, std::uint32_t delay_ms) {
  const std::string zipped = steering.gzip ? GzipStream().finish(body) : std::string();
  const std::string_view sent = steering.gzip ? std::string_view(zipped) : body;
  Script out;
  out.status = status;
  out.add(cat({reply_head(steering, status, kJson, sent.size(), make_id("req_"), steering.gzip), sent}), delay_ms);
  return out;
}

Script error_reply(const Steering& steering, int status, std::string_view message, std::uint32_t delay_ms) {
  const std::string id = make_id("req_");
  const std::string_view type = steering.error_type.empty() ? error_kind(status).type : steering.error_type;
  const std::string body = steering.garbage
                               ? cat({"<html>\r\n<head><title>", std::to_string(status),
                                      "</title></head>\r\n<body>cloudflare</body></html>\r\n"})
                               : cat({R"({"type":"error","error":{"type":)", json_string(type),
                                      ",\"message\":", json_string(message), R"(},"request_id":")", id, "\"}"});
  Script out;
  out.status = status;
  out.add(reply_head(steering, status, steering.garbage ? "text/html" : kJson, body.size(), id) + body, delay_ms);
  return out;
}

Script cut_reply(const Steering& steering, std::string_view body, std::uint32_t delay_ms) {
  const bool no_body = steering.cut == Cut::kAfterHeaders || steering.stall_after == 0u;
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

Script silent_close(const Steering& steering) {
  Script out;
  out.status = 0;
  out.add_static({}, steering.headers_delay_ms);
  out.end = steering.reset_connection ? End::kReset : End::kClose;
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
