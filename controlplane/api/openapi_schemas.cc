// The schemas of messages, enums and fields.
#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "controlplane/api/openapi.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

namespace {

void describe(json::object& out, const std::string& text) {
  if (!text.empty()) out["description"] = text;
}

// Messages that JSON writes in a way of their own.
bool is_known_message(const Descriptor& message) {
  return message.full_name() == "google.protobuf.Timestamp" || message.full_name() == "google.protobuf.FieldMask" ||
         message.full_name() == "google.protobuf.Struct";
}

json::object single_schema(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295LL}};
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "string"}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "uint64"}};
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return {{"$ref", schema_reference(field.enum_type()->name())}};
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return {{"type", "string"}, {"contentEncoding", "base64"}};
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == "google.protobuf.Timestamp") {
        return {{"type", "string"}, {"format", "date-time"}};
      }
      if (field.message_type()->full_name() == "google.protobuf.FieldMask") {
        return {{"type", "string"}, {"examples", json::array{"displayName,status"}}};
      }
      if (field.message_type()->full_name() == "google.protobuf.Struct") return {{"type", "object"}};
      return {{"$ref", schema_reference(field.message_type()->name())}};
  }
  return {};
}

json::object message_schema(const Descriptor& message) {
  json::object properties;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    json::object property = field_schema(field);
    const std::string comment = Schema::comment(field);
    if (nature_of(field).read_only) property["readOnly"] = true;
    if (nature_of(field).write_only) property["writeOnly"] = true;
    describe(property, comment);
    properties[field.json_name()] = std::move(property);
  }
  json::object out{{"type", "object"}};
  describe(out, Schema::comment(message));
  out["properties"] = std::move(properties);
  return out;
}

json::object enum_schema(const EnumDescriptor& type) {
  json::array values;
  std::string text = Schema::comment(type);
  for (int i = 0; i < type.value_count(); ++i) {
    values.emplace_back(type.value(i)->name());
    text += "\n- " + type.value(i)->name() + ": " + Schema::comment(*type.value(i));
  }
  json::object out{{"type", "string"}};
  describe(out, text);
  out["enum"] = std::move(values);
  return out;
}

json::object text(std::string_view description) {
  return {{"type", "string"}, {"description", json::string_view(description.data(), description.size())}};
}

json::object field_problems_schema() {
  return {{"type", "array"},
          {"description", "The fields that are wrong, if it is about fields."},
          {"items", json::object{{"type", "object"},
                                 {"properties", json::object{{"field", text("Path of the field or parameter.")},
                                                             {"detail", text("What is wrong with it.")}}},
                                 {"required", json::array{"field", "detail"}}}}};
}

json::object problem_schema() {
  return {
      {"type", "object"},
      {"description", "What went wrong (RFC 9457)."},
      {"properties", json::object{{"type", text("Names the kind of problem, e.g. urn:sluice:problem:not-found.")},
                                  {"title", text("The kind of problem in words.")},
                                  {"status", json::object{{"type", "integer"}, {"description", "The HTTP status."}}},
                                  {"detail", text("What went wrong this time, and what is allowed.")},
                                  {"request_id", text("The x-request-id of the answer.")},
                                  {"errors", field_problems_schema()}}},
      {"required", json::array{"type", "title", "status", "detail", "request_id"}}};
}

// Adds a message and everything that its fields refer to.
void add_message(json::object& out, const Descriptor& message) {
  if (is_known_message(message) || out.contains(message.name())) return;
  if (!message.options().map_entry()) out[message.name()] = message_schema(message);
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.message_type() != nullptr) add_message(out, *field.message_type());
    if (field.enum_type() != nullptr) out[field.enum_type()->name()] = enum_schema(*field.enum_type());
  }
}

}  // namespace

FieldNature nature_of(const FieldDescriptor& field) {
  const std::string comment = Schema::comment(field);
  return {.read_only = comment.starts_with("Set by the server.") || comment.ends_with("Read-only."),
          .write_only = comment.starts_with("Write-only")};
}

std::string schema_reference(const std::string& name) {
  return "#/components/schemas/" + name;
}

json::object field_schema(const FieldDescriptor& field) {
  if (field.is_map()) {
    return {{"type", "object"}, {"additionalProperties", single_schema(*field.message_type()->map_value())}};
  }
  if (!field.is_repeated()) return single_schema(field);
  return {{"type", "array"}, {"items", single_schema(field)}};
}

json::object component_schemas(const RouteTable& routes) {
  json::object out{{"Problem", problem_schema()}};
  for (const Route& route : routes.routes()) {
    const Descriptor& request = *route.method->input_type();
    if (route.body == "*") {
      add_message(out, request);
    } else {
      for (int i = 0; i < request.field_count(); ++i) {
        const FieldDescriptor& field = *request.field(i);
        if (field.message_type() != nullptr) add_message(out, *field.message_type());
        if (field.enum_type() != nullptr) out[field.enum_type()->name()] = enum_schema(*field.enum_type());
      }
    }
    add_message(out, *route.method->output_type());
  }
  return out;
}

}  // namespace sluice::api
