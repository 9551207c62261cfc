#include "controlplane/api/fields.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <set>

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

std::unexpected<Error> wrong(const std::string& path, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", path, what));
}

Result<> check_message(const json::value& value, const FieldDescriptor& field, const std::string& path) {
  if (!is_object(field)) return value.is_string() ? Result<>{} : wrong(path, "must be a text");
  if (!value.is_object()) return wrong(path, "must be an object");
  return check_fields(value.get_object(), *field.message_type(), path);
}

Result<> check_value(const json::value& value, const FieldDescriptor& field, const std::string& path) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return check_message(value, field, path);
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.is_bool() ? Result<>{} : wrong(path, "must be true or false");
    case FieldDescriptor::CPPTYPE_STRING:
      return value.is_string() ? Result<>{} : wrong(path, "must be a text");
    case FieldDescriptor::CPPTYPE_ENUM:
      return value.is_string() ? Result<>{} : wrong(path, "must be the name of a value");
    default:
      return value.is_number() || value.is_string() ? Result<>{} : wrong(path, "must be a number");
  }
}

Result<> check_list(const json::value& list, const FieldDescriptor& field, const std::string& path) {
  if (!list.is_array()) return wrong(path, "must be a list");
  for (std::size_t i = 0; i < list.get_array().size(); ++i) {
    Result<> checked = check_value(list.get_array()[i], field, fmt::format("{}[{}]", path, i));
    if (!checked) return checked;
  }
  return {};
}

Result<> check_map(const json::value& map, const FieldDescriptor& field, const std::string& path) {
  if (!map.is_object()) return wrong(path, "must be an object");
  for (const auto& [key, value] : map.get_object()) {
    Result<> checked = check_value(value, *field.message_type()->map_value(),
                                   fmt::format("{}.{}", path, std::string_view(key.data(), key.size())));
    if (!checked) return checked;
  }
  return {};
}

Result<> check_any(const json::value& value, const FieldDescriptor& field, const std::string& path) {
  if (field.is_map()) return check_map(value, field, path);
  return field.is_repeated() ? check_list(value, field, path) : check_value(value, field, path);
}

}  // namespace

const FieldDescriptor* find_field(const Descriptor& message, std::string_view name) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->name() == name || message.field(i)->json_name() == name) return message.field(i);
  }
  return nullptr;
}

bool is_object(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_map()) return false;
  return field.message_type()->file()->package() != "google.protobuf";
}

std::string names_of(const Descriptor& message) {
  std::string out;
  for (int i = 0; i < message.field_count(); ++i)
    out += (out.empty() ? "" : ", ") + message.field(i)->json_name();
  return out.empty() ? "none" : out;
}

Result<> check_fields(const json::object& object, const Descriptor& message, const std::string& path) {
  std::set<int> seen;
  for (const auto& [key, value] : object) {
    const std::string_view name(key.data(), key.size());
    const std::string inner = path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
    const FieldDescriptor* field = find_field(message, name);
    if (field == nullptr) return wrong(inner, "there is no such field; there are: " + names_of(message));
    if (!seen.insert(field->number()).second) return wrong(inner, "the field is there twice");
    if (value.is_null()) continue;
    Result<> checked = check_any(value, *field, inner);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace sluice::api
