#include "controlplane/accounts/test_answer.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace sluice::accounts {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestWords = 500;

const json::value* at(const json::value* value, std::string_view key) {
  return value != nullptr && value->is_object() ? value->get_object().if_contains(key) : nullptr;
}

const json::value* first(const json::value* value) {
  return value != nullptr && value->is_array() && !value->get_array().empty() ? &value->get_array().front() : nullptr;
}

std::string text(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void count(const json::value* value, std::int64_t& into) {
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0) into = value->get_int64();
}

void reason(const json::value* value, std::string& into) {
  if (std::string found = text(value); !found.empty()) into = std::move(found);
}

// A prefix that ends with a whole character.
std::string shortened(std::string words) {
  if (words.size() <= kLongestWords) return words;
  std::size_t end = kLongestWords;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80)
    --end;
  words.resize(end);
  return words;
}

ErrorWords words_in(const json::value& root) {
  // Gemini may answer with a list of one.
  const json::value* value = root.is_array() ? first(&root) : &root;
  const json::value* error = at(value, "error");
  if (error == nullptr) return {};
  if (error->is_string()) return {.type = {}, .message = shortened(text(error))};
  ErrorWords words{.type = text(at(error, "type")), .message = text(at(error, "message"))};
  if (words.type.empty()) words.type = text(at(error, "status"));
  if (words.type.empty()) words.type = text(at(error, "code"));
  return {.type = shortened(std::move(words.type)), .message = shortened(std::move(words.message))};
}

std::string read_anthropic(const json::value& event, TestAnswer& answer) {
  const std::string type = text(at(&event, "type"));
  if (type == "message_start") {
    count(at(at(at(&event, "message"), "usage"), "input_tokens"), answer.input_tokens);
  } else if (type == "content_block_delta") {
    return text(at(at(&event, "delta"), "text"));
  } else if (type == "message_delta") {
    count(at(at(&event, "usage"), "input_tokens"), answer.input_tokens);
    count(at(at(&event, "usage"), "output_tokens"), answer.output_tokens);
    reason(at(at(&event, "delta"), "stop_reason"), answer.stop_reason);
  } else if (type == "message_stop") {
    answer.ended = true;
  }
  return {};
}

std::string read_openai(const json::value& event, TestAnswer& answer) {
  count(at(at(&event, "usage"), "prompt_tokens"), answer.input_tokens);
  count(at(at(&event, "usage"), "completion_tokens"), answer.output_tokens);
  const json::value* choice = first(at(&event, "choices"));
  reason(at(choice, "finish_reason"), answer.stop_reason);
  return text(at(at(choice, "delta"), "content"));
}

std::string read_responses(const json::value& event, TestAnswer& answer) {
  const std::string type = text(at(&event, "type"));
  if (type == "response.output_text.delta") return text(at(&event, "delta"));
  const json::value* response = at(&event, "response");
  if (type == "response.failed") {
    const ErrorWords words = response == nullptr ? ErrorWords{} : words_in(*response);
    answer.error_type = words.type.empty() ? "error" : words.type;
    answer.error = words.message;
  } else if (type == "error") {
    answer.error_type = text(at(&event, "code"));
    if (answer.error_type.empty()) answer.error_type = type;
    answer.error = shortened(text(at(&event, "message")));
  } else if (type == "response.completed" || type == "response.incomplete") {
    count(at(at(response, "usage"), "input_tokens"), answer.input_tokens);
    count(at(at(response, "usage"), "output_tokens"), answer.output_tokens);
    reason(at(response, "status"), answer.stop_reason);
    reason(at(at(response, "incomplete_details"), "reason"), answer.stop_reason);
    answer.ended = true;
  }
  return {};
}

std::string read_gemini(const json::value& event, TestAnswer& answer) {
  count(at(at(&event, "usageMetadata"), "promptTokenCount"), answer.input_tokens);
  count(at(at(&event, "usageMetadata"), "candidatesTokenCount"), answer.output_tokens);
  const json::value* candidate = first(at(&event, "candidates"));
  reason(at(candidate, "finishReason"), answer.stop_reason);
  // There is no event for the end: the reason is the last word.
  if (!answer.stop_reason.empty()) answer.ended = true;
  const json::value* parts = at(at(candidate, "content"), "parts");
  std::string said;
  if (parts == nullptr || !parts->is_array()) return said;
  for (const json::value& part : parts->get_array())
    said += text(at(&part, "text"));
  return said;
}

}  // namespace

ErrorWords error_words(std::string_view body) {
  json::error_code wrong;
  const json::value root = json::parse(body, wrong);
  return wrong ? ErrorWords{} : words_in(root);
}

std::string read_event(Dialect dialect, std::string_view data, TestAnswer& answer) {
  if (dialect == Dialect::kOpenAi && data == "[DONE]") {
    answer.ended = true;
    return {};
  }
  json::error_code wrong;
  const json::value event = json::parse(data, wrong);
  if (wrong) return {};
  if (const json::value* error = at(&event, "error"); error != nullptr && !error->is_null()) {
    const ErrorWords words = words_in(event);
    answer.error_type = words.type.empty() ? "error" : words.type;
    answer.error = words.message;
    return {};
  }
  switch (dialect) {
    case Dialect::kAnthropic:
      return read_anthropic(event, answer);
    case Dialect::kOpenAi:
      return read_openai(event, answer);
    case Dialect::kResponses:
      return read_responses(event, answer);
    case Dialect::kCodeAssist: {
      // Some of Google's servers do not wrap it.
      const json::value* wrapped = at(&event, "response");
      return read_gemini(wrapped == nullptr ? event : *wrapped, answer);
    }
    case Dialect::kGemini:
      return read_gemini(event, answer);
  }
  return {};
}

}  // namespace sluice::accounts
