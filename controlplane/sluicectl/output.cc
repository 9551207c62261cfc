#include "controlplane/sluicectl/output.h"

#include <fmt/core.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <vector>

#include "controlplane/sluicectl/normal_form.h"

namespace sluice::sluicectl {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

constexpr std::size_t kMostColumns = 8;
constexpr std::size_t kMostWidth = 48;

bool is_dull(const FieldDescriptor& field) {
  constexpr std::array kNames = std::to_array<std::string_view>(
      {"etag", "created_at", "updated_at", "ca_pem", "boot_id", "first_seen_at", "model_mapping", "pause_rules"});
  const bool nested = field.message_type() != nullptr &&
                      (field.is_repeated() || field.message_type()->full_name() != "google.protobuf.Timestamp");
  return nested || std::ranges::find(kNames, field.name()) != kNames.end();
}

std::vector<const FieldDescriptor*> columns_of(const Descriptor& message) {
  std::vector<const FieldDescriptor*> out;
  const auto add = [&](const FieldDescriptor* field) {
    if (field != nullptr && !is_dull(*field) && out.size() < kMostColumns && std::ranges::find(out, field) == out.end())
      out.push_back(field);
  };
  for (const char* first : {"id", "name", "email", "model", "status"})
    add(message.FindFieldByName(first));
  for (int i = 0; i < message.field_count(); ++i)
    add(message.field(i));
  return out;
}

std::string cell(const FieldDescriptor& field, const json::object& row) {
  const json::value* value = row.if_contains(field.name());
  if (value == nullptr || value->is_null()) return "-";
  const bool bare = value->is_string() && field.enum_type() == nullptr;
  std::string text = printable(bare ? std::string(value->get_string()) : plain_text(&field, *value));
  if (text.empty()) return "-";
  if (text.size() <= kMostWidth) return text;
  std::size_t end = kMostWidth - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + "...";
}

void write(std::string& out, const json::value& value, std::size_t depth) {
  const std::string indent(2 * (depth + 1), ' ');
  const auto all = [&](const auto& elements, char open, char close, auto one) {
    out += open;
    bool first = true;
    for (const auto& element : elements) {
      out += (first ? "\n" : ",\n") + indent;
      first = false;
      one(element);
    }
    out += first ? std::string() : "\n" + std::string(2 * depth, ' ');
    out += close;
  };
  if (value.is_object()) {
    all(value.get_object(), '{', '}', [&](const auto& entry) {
      out += json::serialize(json::value(entry.key())) + ": ";
      write(out, entry.value(), depth + 1);
    });
  } else if (value.is_array()) {
    all(value.get_array(), '[', ']', [&](const json::value& element) { write(out, element, depth + 1); });
  } else {
    out += json::serialize(value);
  }
}

void emit(YAML::Emitter& out, const json::value& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, element] : value.get_object()) {
      out << YAML::Key << std::string(key) << YAML::Value;
      emit(out, element);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const json::value& element : value.get_array())
      emit(out, element);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << std::string(value.get_string());
  } else {
    out << json::serialize(value);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string coloured(std::string_view text, int code) {
  const bool plain = isatty(STDOUT_FILENO) == 0 || std::getenv("NO_COLOR") != nullptr;
  return plain ? std::string(text) : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string table(const Descriptor& message, std::span<const json::object> rows) {
  const auto columns = columns_of(message);
  std::vector<std::vector<std::string>> cells(1);
  for (const auto* column : columns) {
    std::string title = column->name();
    std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
    cells.front().push_back(title);
  }
  for (const json::object& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto* column : columns)
      line.push_back(cell(*column, row));
  }
  std::string out;
  for (const auto& line : cells) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      std::size_t width = 0;
      for (const auto& other : cells)
        width = std::max(width, other[i].size());
      text += fmt::format("{:<{}}", line[i], i + 1 == line.size() ? 0 : width + 2);
    }
    out += text + "\n";
  }
  return out;
}

std::string pretty_json(const json::value& value) {
  std::string out;
  write(out, value, 0);
  return out + "\n";
}

std::string yaml(const json::value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace sluice::sluicectl
