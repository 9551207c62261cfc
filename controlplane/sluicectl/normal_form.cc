#include "controlplane/sluicectl/normal_form.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/kinds.h"

namespace sluice::sluicectl {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// The part of `full` that `asked` names.
json::value part(const json::value& full, const json::value& asked) {
  if (full.is_object() && asked.is_object()) {
    json::object out;
    for (const auto& [key, value] : asked.get_object()) {
      if (const json::value* found = full.get_object().if_contains(key)) out[key] = part(*found, value);
    }
    return out;
  }
  if (full.is_array() && asked.is_array() && full.get_array().size() == asked.get_array().size()) {
    json::array out;
    for (std::size_t i = 0; i < full.get_array().size(); ++i)
      out.push_back(part(full.get_array()[i], asked.get_array()[i]));
    return out;
  }
  return full;
}

// "1.50" -> "1.5", "2.00" -> "2", "" -> "0".
std::string plain_decimal(std::string text) {
  if (text.empty()) return "0";
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

bool same(const FieldDescriptor& field, const json::value& current, const json::value& wanted);

bool covers(const Descriptor& message, const json::object& current, const json::object& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& entry) {
    const FieldDescriptor* field = message.FindFieldByName(std::string(entry.key()));
    const json::value* found = current.if_contains(entry.key());
    return field != nullptr && same(*field, found == nullptr ? json::value() : *found, entry.value());
  });
}

bool same_list(const FieldDescriptor& field, const json::array& current, json::array wanted) {
  if (current.size() != wanted.size()) return false;
  if (field.message_type() == nullptr && field.name().ends_with("group_ids")) {
    const auto text = [](const json::value& value) { return json::serialize(value); };
    json::array sorted = current;
    std::ranges::sort(sorted, {}, text);
    std::ranges::sort(wanted, {}, text);
    return sorted == wanted;
  }
  for (std::size_t i = 0; i < current.size(); ++i) {
    const bool equal = current[i].is_object() && wanted[i].is_object()
                           ? covers(*field.message_type(), current[i].get_object(), wanted[i].get_object())
                           : current[i] == wanted[i];
    if (!equal) return false;
  }
  return true;
}

bool same(const FieldDescriptor& field, const json::value& current, const json::value& wanted) {
  if (field.is_map()) return current == wanted;
  if (field.is_repeated() && current.is_array() && wanted.is_array()) {
    return same_list(field, current.get_array(), wanted.get_array());
  }
  if (current.is_object() && wanted.is_object()) {
    return covers(*field.message_type(), current.get_object(), wanted.get_object());
  }
  if (is_decimal(field.name()) && current.is_string() && wanted.is_string()) {
    return plain_decimal(std::string(current.get_string())) == plain_decimal(std::string(wanted.get_string()));
  }
  return current == wanted;
}

void collect(const Descriptor& message, const json::object& current, const json::object& wanted,
             const std::string& prefix, std::vector<Change>& out) {
  for (const auto& [key, value] : wanted) {
    const FieldDescriptor* field = message.FindFieldByName(std::string(key));
    if (field == nullptr) continue;
    const json::value* found = current.if_contains(key);
    const json::value before = found == nullptr ? json::value() : *found;
    if (value.is_object() && !field->is_map()) {
      const json::object none;
      collect(*field->message_type(), before.is_object() ? before.get_object() : none, value.get_object(),
              prefix + std::string(key) + ".", out);
    } else if (!same(*field, before, value)) {
      out.push_back({.path = prefix + std::string(key), .before = before, .after = value});
    }
  }
}

}  // namespace

Result<json::object> normal_form(const api::Schema& schema, const Descriptor& message, const json::object& object) {
  Result<json::object> full = normalize(schema, message, object);
  if (!full) return full;
  return part(*full, object).as_object();
}

std::vector<Change> differences(const Descriptor& message, const json::object& current, const json::object& wanted) {
  std::vector<Change> out;
  collect(message, current, wanted, "", out);
  return out;
}

std::string plain_text(const FieldDescriptor* field, const json::value& value) {
  if (value.is_null()) return "(none)";
  if (value.is_string()) {
    std::string text(value.get_string());
    if (field != nullptr && field->enum_type() != nullptr) return short_enum(*field->enum_type(), text);
    // Nothing that could drive the terminal.
    const bool bare = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7F; });
    return text.empty() || !bare ? json::serialize(value) : text;
  }
  if (value.is_array()) {
    std::string out;
    for (const json::value& element : value.get_array())
      out += (out.empty() ? "" : ", ") + plain_text(field, element);
    return "[" + out + "]";
  }
  if (value.is_object()) {
    const Descriptor* message = field == nullptr || field->is_map() ? nullptr : field->message_type();
    std::string out;
    for (const auto& [key, element] : value.get_object()) {
      const auto* inner = message == nullptr ? nullptr : message->FindFieldByName(std::string(key));
      out += (out.empty() ? "" : ", ") + std::string(key) + ": " + plain_text(inner, element);
    }
    return "{" + out + "}";
  }
  return json::serialize(value);
}

const FieldDescriptor* field_at(const Descriptor& message, const std::string& path) {
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field = message.FindFieldByName(path.substr(0, dot));
  if (dot == std::string::npos || field == nullptr || field->message_type() == nullptr) return field;
  return field_at(*field->message_type(), path.substr(dot + 1));
}

}  // namespace sluice::sluicectl
