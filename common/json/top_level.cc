#include "common/json/top_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace sluice::json {

namespace {

// A parser keeps its working memory (several times the document) for the next call; above this it is given back.
constexpr std::size_t kKeepParserUpTo = 1024 * 1024;

Value to_value(const simdjson::dom::element& element) {
  Value value;
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      value.type = Value::Type::kNull;
      break;
    case simdjson::dom::element_type::BOOL:
      value.type = Value::Type::kBool;
      value.boolean = element.get_bool().value_unsafe();
      break;
    case simdjson::dom::element_type::INT64:
      value.type = Value::Type::kInteger;
      value.integer = element.get_int64().value_unsafe();
      break;
    case simdjson::dom::element_type::STRING:
      value.type = Value::Type::kString;
      value.string = std::string(element.get_string().value_unsafe());
      break;
    default:
      value.type = Value::Type::kOther;
      break;
  }
  return value;
}

// A letter or underscore can be escaped in one way only: \u005f, \u006x or \u007x.
bool may_hide_letters(std::string_view body) {
  for (std::size_t at = body.find("\\u00"); at != std::string_view::npos; at = body.find("\\u00", at + 4)) {
    if (at + 4 < body.size() && (body[at + 4] == '5' || body[at + 4] == '6' || body[at + 4] == '7')) return true;
  }
  return false;
}

bool contains(std::span<const std::string_view> keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Runs only for documents that contain an escaped letter somewhere: the raw spelling of the top-level keys.
Result<> refuse_escaped_keys(const std::string& body, std::span<const std::string_view> wanted,
                             std::span<const std::string_view> once) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  if (parser.iterate(body.data(), body.size(), body.capacity()).get(document)) {
    return fail(ErrorCode::kInvalidArgument, "the body is not valid JSON");
  }
  simdjson::ondemand::object object;
  if (document.get_object().get(object)) return fail(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  for (auto field : object) {
    simdjson::ondemand::raw_json_string raw;
    if (field.key().get(raw)) return fail(ErrorCode::kInvalidArgument, "the body is not valid JSON");
    std::string_view key;
    if (field.unescaped_key().get(key)) return fail(ErrorCode::kInvalidArgument, "the body is not valid JSON");
    const bool plain = std::string_view(raw.raw(), key.size()) == key;
    if (!plain && (contains(wanted, key) || contains(once, key))) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("the key \"{}\" must be written without escapes", key));
    }
  }
  return {};
}

simdjson::dom::parser& parser_of_thread() {
  thread_local std::unique_ptr<simdjson::dom::parser> parser;
  if (!parser || parser->capacity() > kKeepParserUpTo) parser = std::make_unique<simdjson::dom::parser>();
  return *parser;
}

}  // namespace

Result<std::vector<Value>> read_top_level(const std::string& body, std::span<const std::string_view> wanted,
                                          std::span<const std::string_view> once, const Look& look) {
  if (body.empty()) return fail(ErrorCode::kInvalidArgument, "the body is empty; a JSON object is needed");
  simdjson::dom::parser& parser = parser_of_thread();
  if (auto error = parser.allocate(body.size(), kMaxDepth)) {
    return fail(ErrorCode::kInternal, simdjson::error_message(error));
  }
  simdjson::dom::element root;
  if (auto error = parser.parse(body.data(), body.size(), false).get(root)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the body is not valid JSON: {}", simdjson::error_message(error)));
  }
  simdjson::dom::object object;
  if (root.get_object().get(object)) return fail(ErrorCode::kInvalidArgument, "the body must be a JSON object");

  std::vector<Value> values(wanted.size());
  std::vector<bool> seen(once.size(), false);
  for (auto field : object) {
    if (auto at = std::find(wanted.begin(), wanted.end(), field.key); at != wanted.end()) {
      Value& value = values[static_cast<std::size_t>(at - wanted.begin())];
      if (value.type != Value::Type::kAbsent) {
        return fail(ErrorCode::kInvalidArgument, fmt::format("the key \"{}\" stands more than once", field.key));
      }
      value = to_value(field.value);
    } else if (auto other = std::find(once.begin(), once.end(), field.key); other != once.end()) {
      const auto index = static_cast<std::size_t>(other - once.begin());
      if (seen[index]) {
        return fail(ErrorCode::kInvalidArgument, fmt::format("the key \"{}\" stands more than once", field.key));
      }
      seen[index] = true;
    }
  }
  if (may_hide_letters(body)) {
    auto plain = refuse_escaped_keys(body, wanted, once);
    if (!plain) return std::unexpected(plain.error());
  }
  if (look) look(object);
  return values;
}

}  // namespace sluice::json
