#include "common/json/splice.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/json.hpp>

namespace sluice::json {

namespace {

// One past the closing quote of the string that begins at `at`; the document was parsed, so there is one.
std::size_t end_of_string(std::string_view body, std::size_t at) {
  for (++at; at < body.size() && body[at] != '"'; ++at) {
    if (body[at] == '\\') ++at;
  }
  return at + 1;
}

std::string_view raw_string_at(const std::string& body, std::string_view key) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING).get(document) ||
      document.get_object().get(object)) {
    return {};
  }
  for (auto field : object) {
    std::string_view name;
    if (field.unescaped_key().get(name)) return {};
    if (name != key) continue;
    simdjson::ondemand::value value;
    if (field.value().get(value)) return {};
    const std::string_view token = value.raw_json_token();
    if (!token.starts_with('"')) return {};
    const auto at = static_cast<std::size_t>(token.data() - body.data());
    const std::size_t end = end_of_string(body, at);
    return end <= body.size() ? std::string_view(body).substr(at, end - at) : std::string_view();
  }
  return {};
}

}  // namespace

Result<std::string> replace_string(const std::string& body, std::string_view key, std::string_view value) {
  const std::string_view old = raw_string_at(body, key);
  if (old.empty()) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: a string is required", key));
  const std::string written = boost::json::serialize(boost::json::string_view(value.data(), value.size()));
  const auto at = static_cast<std::size_t>(old.data() - body.data());
  std::string spliced;
  spliced.reserve(body.size() - old.size() + written.size() + simdjson::SIMDJSON_PADDING);
  spliced.append(body, 0, at).append(written).append(body, at + old.size());
  return spliced;
}

}  // namespace sluice::json
