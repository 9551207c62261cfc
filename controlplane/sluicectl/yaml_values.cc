#include "controlplane/sluicectl/yaml_values.h"

#include <fmt/core.h>

#include <cstdint>
#include <limits>

#include "common/config/nearest.h"
#include "common/config/scalars.h"
#include "controlplane/sluicectl/kinds.h"

namespace sluice::sluicectl {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// Quoted text carries the tag "!".
bool is_quoted(const YAML::Node& node) {
  return node.Tag() == "!";
}

bool is_integer(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 || field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
}

bool is_timestamp(const FieldDescriptor& field) {
  return field.message_type() != nullptr && field.message_type()->full_name() == "google.protobuf.Timestamp";
}

// The fields that a manifest may set, as it spells them.
std::vector<std::string> words_of(const Descriptor& message) {
  std::vector<std::string> words;
  for (int i = 0; i < message.field_count(); ++i) {
    const std::string& name = message.field(i)->name();
    if (is_read_only(name)) continue;
    const Reference* reference = reference_of(name);
    words.emplace_back(reference == nullptr ? std::string_view(name) : reference->key);
  }
  return words;
}

std::string unknown_key(const std::string& key, const Descriptor& message) {
  const std::vector<std::string> words = words_of(message);
  const std::string_view meant = config::nearest(key, words);
  if (!meant.empty()) return fmt::format("there is no such field; did you mean {}?", meant);
  std::string all;
  for (const std::string& word : words)
    all += (all.empty() ? "" : ", ") + word;
  return "there is no such field; there are: " + all;
}

}  // namespace

void Problems::add(const std::string& file, int line, std::string_view message) {
  lines_.push_back(fmt::format("{}:{}: {}", file, line, message));
}

Result<> Problems::finish() const {
  if (lines_.empty()) return {};
  std::string all;
  for (const std::string& line : lines_)
    all += (all.empty() ? "" : "\n") + line;
  return fail(ErrorCode::kInvalidArgument, std::move(all));
}

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

void ValueReader::problem(const YAML::Node& node, const std::string& path, std::string_view message) {
  problems_.add(file_, line_of(node), fmt::format("{}: {}", path, message));
}

json::object ValueReader::object(const YAML::Node& node, const Descriptor& message, const std::string& path,
                                 std::string_view skip) {
  json::object out;
  if (!node.IsMap()) {
    problem(node, path, "must be a mapping of fields");
    return out;
  }
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      problem(entry.first, path, "a field's name must be a word");
    } else if (skip.empty() || entry.first.Scalar() != skip) {
      member(entry.first, entry.second, message, path, out);
    }
  }
  return out;
}

void ValueReader::member(const YAML::Node& key, const YAML::Node& node, const Descriptor& message,
                         const std::string& path, json::object& into) {
  const std::string& name = key.Scalar();
  const std::string at = path + "." + name;
  const Reference* reference = find_reference(name, message);
  const std::string field_name = reference == nullptr ? name : std::string(reference->field);
  const FieldDescriptor* field = message.FindFieldByName(field_name);
  if (field == nullptr) return problem(key, at, unknown_key(name, message));
  if (is_read_only(field_name)) return problem(key, at, "is set by the server: leave it out");
  if (into.contains(field_name)) return problem(key, at, "is there twice");
  into[field_name] =
      reference == nullptr ? value(node, *field, at) : references(node, reference->section, field->is_repeated(), at);
}

json::value ValueReader::references(const YAML::Node& node, std::string_view section, bool repeated,
                                    const std::string& path) {
  const auto one = [&](const YAML::Node& name) -> json::value {
    if (name.IsScalar() && !name.Scalar().empty()) return json::value(reference_to(section, name.Scalar()));
    problem(name, path, fmt::format("must name one of the {}", section));
    return {};
  };
  if (!repeated) return one(node);
  json::array all;
  if (!node.IsSequence()) {
    problem(node, path, fmt::format("must be a list of names of {}", section));
    return all;
  }
  for (const YAML::Node& name : node)
    all.push_back(one(name));
  return all;
}

json::value ValueReader::map(const YAML::Node& node, const std::string& path) {
  json::object out;
  if (!node.IsMap()) {
    problem(node, path, "must be a mapping of texts");
    return out;
  }
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      problem(entry.first, path, "must be a mapping of texts");
    } else {
      out[entry.first.Scalar()] = entry.second.Scalar();
    }
  }
  return out;
}

json::value ValueReader::value(const YAML::Node& node, const FieldDescriptor& field, const std::string& path) {
  if (field.is_map()) return map(node, path);
  if (!field.is_repeated()) return single(node, field, path);
  json::array out;
  if (!node.IsSequence()) {
    problem(node, path, "must be a list");
    return out;
  }
  for (std::size_t i = 0; i < node.size(); ++i)
    out.push_back(single(node[i], field, fmt::format("{}[{}]", path, i)));
  return out;
}

json::value ValueReader::single(const YAML::Node& node, const FieldDescriptor& field, const std::string& path) {
  if (field.message_type() != nullptr && !is_timestamp(field)) return object(node, *field.message_type(), path);
  if (!node.IsScalar()) {
    problem(node, path, "must be a single value");
    return {};
  }
  const std::string& text = node.Scalar();
  if (is_integer(field)) {
    const auto number = is_quoted(node) ? std::nullopt : config::parse_integer(text);
    const bool small = field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
    if (number && (!small || (*number >= std::numeric_limits<std::int32_t>::min() &&
                              *number <= std::numeric_limits<std::int32_t>::max()))) {
      return *number;
    }
    problem(node, path, "must be a whole number");
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (!is_quoted(node) && (text == "true" || text == "false")) return text == "true";
    problem(node, path, "must be true or false");
  } else if (field.enum_type() != nullptr) {
    if (auto found = long_enum(*field.enum_type(), text)) return json::value(*found);
    problem(node, path, "must be one of " + enum_words(*field.enum_type()));
  } else if (is_timestamp(field) && !text.ends_with('Z')) {
    problem(node, path, "must be a moment in UTC, such as 2027-01-31T00:00:00Z");
  } else {
    return json::value(text);
  }
  return {};
}

}  // namespace sluice::sluicectl
