#include "tests/fakes/anthropic/call.h"

#include <boost/json.hpp>

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace json = boost::json;

namespace {

std::string_view text_of(const json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  const json::string& text = value->get_string();
  return {text.data(), text.size()};
}

// The token formula's walk over the prompt.
class TokenCounter {
 public:
  explicit TokenCounter(Call& out) : out_(out) {}

  void walk(const json::value* value) {
    if (value == nullptr) return;
    if (value->is_string()) run_ += value->get_string().size();
    if (value->is_array()) {
      for (const json::value& item : value->get_array())
        walk(&item);
    }
    if (value->is_object()) walk_object(value->get_object());
  }

  void finish() { end_run(out_.input_tokens); }

 private:
  void walk_object(const json::object& object) {
    const json::value* cache = nullptr;
    for (const auto& [key, value] : object) {
      if (key == "cache_control") {
        cache = &value;
      } else if (key != "type" && key != "role") {
        walk(&value);
      }
    }
    if (cache == nullptr || !cache->is_object()) return;
    const bool hour = text_of(cache->get_object().if_contains("ttl")) == "1h";
    end_run(hour ? out_.cache_1h_tokens : out_.cache_5m_tokens);
  }

  void end_run(std::uint64_t& bucket) {
    bucket += (run_ + 3) / 4;
    run_ = 0;
  }

  Call& out_;
  std::uint64_t run_ = 0;
};

json::value smallest_value(const json::value* schema, int depth) {
  if (schema == nullptr || !schema->is_object() || depth > 8) return "fake";
  const json::object& object = schema->get_object();
  if (const json::value* options = object.if_contains("enum");
      options && options->is_array() && !options->get_array().empty()) {
    return options->get_array().front();
  }
  std::string_view type = text_of(object.if_contains("type"));
  if (type == "integer" || type == "number") return 7;
  if (type == "boolean") return true;
  if (type == "null") return nullptr;
  if (type == "array") return json::array{smallest_value(object.if_contains("items"), depth + 1)};
  if (type != "object") return "fake";
  json::object out;
  if (const json::value* members = object.if_contains("properties"); members && members->is_object()) {
    for (const auto& [key, member] : members->get_object())
      out[key] = smallest_value(&member, depth + 1);
  }
  return out;
}

void read_tools(const json::object& body, Call& out) {
  std::string_view wanted;
  if (const json::value* choice = body.if_contains("tool_choice"); choice && choice->is_object()) {
    const std::string_view type = text_of(choice->get_object().if_contains("type"));
    out.tool_forced = type == "any" || type == "tool";
    if (type == "tool") wanted = text_of(choice->get_object().if_contains("name"));
  }
  const json::value* tools = body.if_contains("tools");
  if (tools == nullptr || !tools->is_array()) return;
  for (const json::value& tool : tools->get_array()) {
    if (!tool.is_object() || tool.get_object().if_contains("defer_loading")) continue;
    const json::object& object = tool.get_object();
    const std::string_view type = text_of(object.if_contains("type"));
    if (!type.empty() && type != "custom") continue;
    const std::string_view name = text_of(object.if_contains("name"));
    json::value input = smallest_value(object.if_contains("input_schema"), 0);
    if (!input.is_object()) input = json::object{};
    ToolCall call{std::string(name), json::serialize(input)};
    out.tools.insert(name == wanted ? out.tools.begin() : out.tools.end(), std::move(call));
  }
}

// The text of a content value: the string itself or its text blocks.
std::string content_text(const json::value* content) {
  if (content == nullptr || content->is_string()) return std::string(text_of(content));
  std::string out;
  if (!content->is_array()) return out;
  for (const json::value& block : content->get_array()) {
    if (block.is_object()) out += text_of(block.get_object().if_contains("text"));
  }
  return out;
}

void read_last_message(const json::array& messages, Call& out) {
  if (messages.empty() || !messages.back().is_object()) return;
  const json::value* content = messages.back().get_object().if_contains("content");
  if (content == nullptr || !content->is_array()) return;
  for (const json::value& item : content->get_array()) {
    if (!item.is_object()) continue;
    const json::object& block = item.get_object();
    const std::string_view type = text_of(block.if_contains("type"));
    if (type == "tool_result") {
      out.has_tool_result = true;
      out.tool_result = content_text(block.if_contains("content")).substr(0, 200);
    }
    if (type != "document") continue;
    const json::value* source = block.if_contains("source");
    if (source && source->is_object()) {
      out.document_text = std::string(text_of(source->get_object().if_contains("data")).substr(0, 40));
    }
  }
}

void read_thinking(const json::object& body, Call& out) {
  const json::value* thinking = body.if_contains("thinking");
  if (thinking == nullptr || !thinking->is_object()) return;
  const std::string_view type = text_of(thinking->get_object().if_contains("type"));
  out.thinking = type == "enabled" || type == "adaptive";
  out.thinking_omitted = text_of(thinking->get_object().if_contains("display")) == "omitted";
}

std::string read_object(const json::object& body, bool needs_max_tokens, Call& out) {
  const json::value* model = body.if_contains("model");
  if (model == nullptr) return "model: Field required";
  if (!model->is_string() || model->get_string().empty()) return "model: Input should be a valid string";
  out.model = text_of(model);
  if (const json::value* stream = body.if_contains("stream"); stream && stream->is_bool())
    out.stream = stream->get_bool();
  const json::value* limit = body.if_contains("max_tokens");
  if (needs_max_tokens && limit == nullptr) return "max_tokens: Field required";
  if (limit != nullptr) {
    json::error_code problem;
    out.max_tokens = limit->to_number<std::uint64_t>(problem);
    if (problem || out.max_tokens == 0) return "max_tokens: Input should be greater than or equal to 1";
  }
  const json::value* messages = body.if_contains("messages");
  if (messages == nullptr) return "messages: Field required";
  if (!messages->is_array()) return "messages: Input should be a valid list";
  if (messages->get_array().empty()) return "messages: at least one message is required";
  read_tools(body, out);
  read_thinking(body, out);
  read_last_message(messages->get_array(), out);
  TokenCounter counter(out);
  counter.walk(body.if_contains("tools"));
  counter.walk(body.if_contains("system"));
  counter.walk(messages);
  counter.finish();
  return {};
}

}  // namespace

std::string read_call(std::string_view body, bool needs_max_tokens, Call& out) {
  unsigned char buffer[16 * 1024];
  json::monotonic_resource memory(buffer, sizeof buffer);
  json::error_code problem;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), problem, &memory);
  if (problem || !value.is_object()) return "The request body is not valid JSON: " + problem.message();
  return read_object(value.get_object(), needs_max_tokens, out);
}

}  // namespace sluice::fakes
