// Examples for requests and answers, made from the descriptors: by what a field is called, else by its type.
#include <array>

#include "controlplane/api/openapi.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

constexpr int kDeepest = 4;

struct NamedExample {
  std::string_view ending;  // of the field's name
  std::string_view value;
};

// The first that fits.
constexpr std::array kTexts = std::to_array<NamedExample>({
    {"_usd", "12.5"},
    {"multiplier", "1.25"},
    {"email", "ada@example.com"},
    {"_url", "https://api.example.com"},
    {"url", "https://api.example.com"},
    {"issuer", "https://login.example.com"},
    {"slug", "example"},
    {"email_domains", "example.com"},
    {"model", "claude-sonnet-4-5"},
    {"models", "claude-sonnet-4-5"},
    {"_ids", "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f"},
    {"_id", "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f"},
    {"id", "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f"},
    {"etag", "3"},
    {"last4", "x7Qd"},
    {"time_zone", "Europe/Berlin"},
    {"networks", "203.0.113.0/24"},
    {"scopes", "users.read"},
    {"provider", "anthropic"},
    {"page_token", ""},
    {"input", "3"},
    {"output", "15"},
    {"name", "production"},
});

std::string_view text_for(const FieldDescriptor& field) {
  for (const NamedExample& example : kTexts) {
    if (field.name().ends_with(example.ending)) return example.value;
  }
  return "text";
}

json::value single_example(const FieldDescriptor& field, Direction direction, int depth) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "1000";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return 0.5;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return 10;
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::value(field.enum_type()->value(field.enum_type()->value_count() > 1 ? 1 : 0)->name());
    case FieldDescriptor::CPPTYPE_STRING: {
      if (field.type() == FieldDescriptor::TYPE_BYTES) return "AAEC";
      const std::string_view text = text_for(field);
      return json::string(text.data(), text.size());
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == "google.protobuf.Timestamp") return "2026-01-02T03:04:05Z";
      if (field.message_type()->full_name() == "google.protobuf.FieldMask") return "displayName,status";
      if (field.message_type()->full_name() == "google.protobuf.Struct") return json::object{{"name", "production"}};
      return message_example(*field.message_type(), direction, depth + 1);
  }
  return nullptr;
}

bool is_shown(const FieldDescriptor& field, Direction direction) {
  const FieldNature nature = nature_of(field);
  return direction == Direction::kRequest ? !nature.read_only : !nature.write_only;
}

}  // namespace

json::object message_example(const Descriptor& message, Direction direction, int depth) {
  json::object out;
  if (depth > kDeepest) return out;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    // One of several alternatives is enough.
    const auto* alternatives = field.real_containing_oneof();
    if (!is_shown(field, direction) || (alternatives != nullptr && alternatives->field(0) != &field)) continue;
    if (field.is_map()) {
      out[field.json_name()] =
          json::object{{"name", single_example(*field.message_type()->map_value(), direction, depth)}};
    } else if (field.is_repeated()) {
      out[field.json_name()] = json::array{single_example(field, direction, depth)};
    } else {
      out[field.json_name()] = single_example(field, direction, depth);
    }
  }
  return out;
}

}  // namespace sluice::api
