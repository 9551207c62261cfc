#include "dataplane/protocol/anthropic/messages.h"

#include <boost/json.hpp>

#include "common/json/top_level.h"
#include "dataplane/protocol/anthropic/answer_reader.h"
#include "dataplane/protocol/anthropic/conversation.h"

namespace sluice::protocol::anthropic {

namespace {

constexpr std::string_view kWanted[] = {"model", "stream", "max_tokens"};
constexpr std::string_view kOnce[] = {"messages", "system",      "tools",       "metadata",     "service_tier",
                                      "thinking", "tool_choice", "mcp_servers", "output_config"};
constexpr std::size_t kMaxModelLength = 256;

using Type = json::Value::Type;

boost::json::object error_object(const ApiError& error, std::string_view request_id) {
  boost::json::object inner;
  inner["type"] = error.type.empty() ? error_type(error.status) : error.type;
  inner["message"] = error.message;
  boost::json::object outer;
  outer["type"] = "error";
  outer["error"] = std::move(inner);
  outer["request_id"] = request_id;
  return outer;
}

}  // namespace

std::string_view error_type(unsigned status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
    case 405:
      return "not_found_error";
    case 408:
    case 504:
      return "timeout_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 529:
      return "overloaded_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

Result<Call> Messages::read_call(const std::string& body) const {
  Call call;
  auto values = json::read_top_level(body, kWanted, kOnce, [&call](const simdjson::dom::object& request) {
    call.session = session_of(request);
    if (call.session.empty()) call.prefix = stable_prefix(request);
  });
  if (!values) return std::unexpected(values.error());
  json::Value& model = (*values)[0];
  const json::Value& stream = (*values)[1];
  const json::Value& max_tokens = (*values)[2];

  if (model.type != Type::kString || model.string.empty() || model.string.size() > kMaxModelLength) {
    return fail(ErrorCode::kInvalidArgument, "model: a string of 1 to 256 characters is required");
  }
  if (stream.type != Type::kAbsent && stream.type != Type::kBool) {
    return fail(ErrorCode::kInvalidArgument, "stream: must be true or false");
  }
  if (max_tokens.type != Type::kAbsent && (max_tokens.type != Type::kInteger || max_tokens.integer < 0)) {
    return fail(ErrorCode::kInvalidArgument, "max_tokens: must be a whole number, 0 or more");
  }
  call.model = std::move(model.string);
  call.stream = stream.boolean;
  if (max_tokens.type == Type::kInteger) call.max_tokens = max_tokens.integer;
  return call;
}

std::unique_ptr<AnswerReader> Messages::open_answer() const {
  return std::make_unique<MessagesReader>();
}

std::optional<UpstreamError> Messages::read_error(const std::string& body, unsigned status) const {
  auto error = read_error_object(body, status != 0 ? status : 502);
  if (error && status != 0) error->status = status;
  return error;
}

std::string Messages::error_body(const ApiError& error, std::string_view request_id) const {
  return boost::json::serialize(error_object(error, request_id));
}

std::string Messages::error_event(const ApiError& error, std::string_view request_id) const {
  return "event: error\ndata: " + boost::json::serialize(error_object(error, request_id)) + "\n\n";
}

}  // namespace sluice::protocol::anthropic
