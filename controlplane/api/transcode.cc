#include "controlplane/api/transcode.h"

#include <fmt/core.h>
#include <google/protobuf/util/json_util.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "controlplane/api/percent.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// A message, or one that JSON writes as a single text (Timestamp, FieldMask).
bool is_object(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
  return field.message_type()->file()->package() != "google.protobuf";
}

const FieldDescriptor* find_field(const Descriptor& message, std::string_view name) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->name() == name || message.field(i)->json_name() == name) return message.field(i);
  }
  return nullptr;
}

std::string parameters_of(const Descriptor& message) {
  std::string out;
  for (int i = 0; i < message.field_count(); ++i)
    out += (out.empty() ? "" : ", ") + message.field(i)->json_name();
  return out.empty() ? "none" : out;
}

// Sets `path` ("user.id") below `object`; both spellings of a name mean the same field.
Result<> set(json::object& object, const Descriptor& message, std::string_view path, std::string_view value,
             bool replace) {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const FieldDescriptor* field = find_field(message, name);
  if (field == nullptr || (dot == std::string_view::npos) == is_object(*field)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("unknown parameter '{}'; there are: {}", name, parameters_of(message)));
  }
  if (replace && field->name() != field->json_name()) object.erase(field->name());
  const std::string& key = field->json_name();
  if (dot != std::string_view::npos) {
    json::value& child = object[key];
    if (child.is_null()) child.emplace_object();
    if (!child.is_object()) return fail(ErrorCode::kInvalidArgument, fmt::format("{} must be an object", key));
    return set(child.get_object(), *field->message_type(), path.substr(dot + 1), value, replace);
  }
  if (field->is_repeated()) {
    json::value& list = object[key];
    if (list.is_null()) list.emplace_array();
    if (!list.is_array()) return fail(ErrorCode::kInvalidArgument, fmt::format("{} must be a list", key));
    list.get_array().emplace_back(json::string_view(value.data(), value.size()));
    return {};
  }
  if (!replace && object.contains(key)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("parameter '{}' is there twice", key));
  }
  object[key] = json::string_view(value.data(), value.size());
  return {};
}

Result<json::value> parse_body(std::string_view body) {
  json::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error) return fail(ErrorCode::kInvalidArgument, "the body is not valid JSON: " + error.message());
  if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  return value;
}

// The request as JSON so far: what the body says.
Result<json::object> from_body(const Route& route, std::string_view body) {
  if (route.body.empty()) {
    if (body.empty()) return json::object();
    return fail(ErrorCode::kInvalidArgument, "this method takes no body");
  }
  Result<json::value> value = parse_body(body.empty() ? "{}" : body);
  if (!value) return std::unexpected(value.error());
  if (route.body == "*") return std::move(value->get_object());
  json::object out;
  out[find_field(*route.method->input_type(), route.body)->json_name()] = std::move(*value);
  return out;
}

// What protobuf says about JSON that does not fit, as one sentence.
Error json_problem(const google::protobuf::util::Status& status) {
  return {ErrorCode::kInvalidArgument, "the request does not fit: " + std::string(status.message())};
}

}  // namespace

Result<std::string> request_bytes(const Schema& schema, const Route& route, const Variables& variables,
                                  std::string_view query, std::string_view body) {
  Result<json::object> object = from_body(route, body);
  if (!object) return std::unexpected(object.error());
  const Descriptor& message = *route.method->input_type();
  auto parameters = parse_query(query);
  if (!parameters) return std::unexpected(parameters.error());
  for (const auto& [name, value] : *parameters) {
    if (Result<> done = set(*object, message, name, value, false); !done) return std::unexpected(done.error());
  }
  for (const auto& [name, value] : variables) {
    if (Result<> done = set(*object, message, name, value, true); !done) return std::unexpected(done.error());
  }
  std::string bytes;
  const auto status = google::protobuf::util::JsonToBinaryString(&schema.types(), Schema::type_url(message),
                                                                 json::serialize(*object), &bytes);
  if (!status.ok()) return std::unexpected(json_problem(status));
  return bytes;
}

Result<std::string> answer_json(const Schema& schema, const Route& route, const std::string& bytes) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string out;
  const auto status = google::protobuf::util::BinaryToJsonString(
      &schema.types(), Schema::type_url(*route.method->output_type()), bytes, &out, options);
  if (!status.ok()) return fail(ErrorCode::kInternal, "an answer cannot be written as JSON");
  return out;
}

}  // namespace sluice::api
