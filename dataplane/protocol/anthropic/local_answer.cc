#include <boost/json.hpp>

#include "dataplane/protocol/anthropic/messages.h"

namespace sluice::protocol::anthropic {

namespace {

namespace json = boost::json;

json::object message(const Call& call, std::string_view request_id, json::array content, json::value stop_reason) {
  return {{"id", "msg_" + std::string(request_id)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", call.model},
          {"content", std::move(content)},
          {"stop_reason", std::move(stop_reason)},
          {"stop_sequence", nullptr},
          {"usage", {{"input_tokens", 0}, {"output_tokens", 0}}}};
}

json::object text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

void add_event(std::string& stream, std::string_view name, json::object data) {
  data["type"] = name;
  stream += "event: ";
  stream += name;
  stream += "\ndata: ";
  stream += json::serialize(data);
  stream += "\n\n";
}

}  // namespace

// The smallest sequence of events that the vendor's clients take for a whole answer.
std::string Messages::local_answer(const Call& call, std::string_view text, std::string_view request_id) const {
  if (!call.stream) return json::serialize(message(call, request_id, {text_block(text)}, "end_turn"));
  std::string stream;
  add_event(stream, "message_start", {{"message", message(call, request_id, {}, nullptr)}});
  add_event(stream, "content_block_start", {{"index", 0}, {"content_block", text_block("")}});
  add_event(stream, "content_block_delta", {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", text}}}});
  add_event(stream, "content_block_stop", {{"index", 0}});
  add_event(stream, "message_delta",
            {{"delta", {{"stop_reason", "end_turn"}, {"stop_sequence", nullptr}}}, {"usage", {{"output_tokens", 0}}}});
  add_event(stream, "message_stop", {});
  return stream;
}

}  // namespace sluice::protocol::anthropic
