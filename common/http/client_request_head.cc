#include "common/http/client_request_head.h"

#include <fmt/format.h>

#include "common/http/syntax.h"

namespace sluice::http {

namespace {

bool is_token(std::string_view text) {
  return !text.empty() && all_are(text, kTokenChar);
}

bool needs_length(const ClientRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

Result<std::string> build_request_head(const ClientRequest& request) {
  if (!is_token(request.method)) return fail(ErrorCode::kInvalidArgument, "the request method is not a token");
  if (!request.target.starts_with('/') || !all_are(request.target, kTargetChar)) {
    return fail(ErrorCode::kInvalidArgument, "the request target is not a plain path");
  }
  const std::string host = request.origin->host_field();
  if (!all_are(host, kValueChar)) return fail(ErrorCode::kInvalidArgument, "the host holds a control character");
  std::size_t size = 96 + request.target.size() + host.size();
  for (const Field& field : request.fields)
    size += field.name.size() + field.value.size() + 4;

  std::string head;
  head.reserve(size);
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nhost: ").append(host);
  head.append("\r\n");
  for (const Field& field : request.fields) {
    if (!is_token(field.name) || !all_are(field.value, kValueChar)) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("the request field '{}' holds a control character",
                                                           is_token(field.name) ? field.name : std::string_view("?")));
    }
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (needs_length(request)) head.append("content-length: ").append(std::to_string(request.body.size())).append("\r\n");
  head.append("\r\n");
  return head;
}

}  // namespace sluice::http
