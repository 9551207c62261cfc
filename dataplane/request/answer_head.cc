#include "dataplane/request/answer_head.h"

#include "common/json/top_level.h"

namespace sluice::request {

AnswerHead answer_head(const Exchange& exchange, const http::ResponseHead& head) {
  AnswerHead answer;
  std::size_t bytes = 0;
  for (const http::Field& field : head.fields)
    bytes += field.name.size() + field.value.size();
  answer.text.reserve(bytes);
  answer.fields.reserve(head.fields.size() + 3);
  const auto keep = [&answer](std::string_view piece) {
    const std::size_t at = answer.text.size();
    answer.text.append(piece);  // reserved above, so earlier views stay valid
    return std::string_view(answer.text).substr(at);
  };
  for (const http::Field& field : head.fields) {
    if (!exchange.provider->forwards_to_client(field.name)) continue;
    const std::string_view name = keep(field.name);
    answer.fields.push_back({name, keep(field.value)});
  }
  answer.fields.push_back({"x-sluice-request-id", exchange.id_text});
  if (is_event_stream(head)) {
    answer.fields.push_back({"cache-control", "no-cache"});
    answer.fields.push_back({"x-accel-buffering", "no"});
  }
  return answer;
}

bool is_event_stream(const http::ResponseHead& head) {
  constexpr std::string_view kEventStream = "text/event-stream";
  const std::string_view type = http::find(head.fields, "content-type").value_or("");
  return type.size() >= kEventStream.size() && http::same_name(type.substr(0, kEventStream.size()), kEventStream);
}

bool is_error_object(const std::string& body) {
  constexpr std::string_view kError[] = {"error"};
  std::string padded;
  padded.reserve(body.size() + 64);
  padded = body;
  const auto members = json::read_top_level(padded, kError, {});
  return members && (*members)[0].type != json::Value::Type::kAbsent;
}

}  // namespace sluice::request
