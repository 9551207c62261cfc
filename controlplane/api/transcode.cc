#include "controlplane/api/transcode.h"

#include <fmt/core.h>
#include <google/protobuf/util/json_util.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "common/observe/utf8.h"
#include "controlplane/api/fields.h"
#include "controlplane/api/percent.h"
#include "controlplane/api/update_mask.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// The text of a path or query as the JSON value of its field.
Result<json::value> to_value(const FieldDescriptor& field, std::string_view text) {
  if (observe::valid_utf8(text) != text) {
    return fail(ErrorCode::kInvalidArgument, field.json_name() + ": the value is not UTF-8");
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (text != "true" && text != "false") {
      return fail(ErrorCode::kInvalidArgument, field.json_name() + ": must be true or false");
    }
    return json::value(text == "true");
  }
  return json::value(json::string_view(text.data(), text.size()));
}

// Sets `path` ("user.id") below `object`; both spellings of a name mean the same field.
Result<> set(json::object& object, const Descriptor& message, std::string_view path, std::string_view text,
             bool replace) {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const FieldDescriptor* field = find_field(message, name);
  if (field == nullptr || field->is_map() || (dot == std::string_view::npos) == is_object(*field)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: there is no such parameter; there are: {}", name, names_of(message)));
  }
  const std::string& key = field->json_name();
  // The body may have spelled it as in the proto.
  if (json::value* spelled = object.if_contains(field->name()); spelled != nullptr && field->name() != key) {
    json::value moved = std::move(*spelled);
    object.erase(field->name());
    object[key] = std::move(moved);
  }
  if (dot != std::string_view::npos) {
    json::value& child = object[key];
    if (child.is_null()) child.emplace_object();
    if (!child.is_object()) return fail(ErrorCode::kInvalidArgument, key + ": a list has no parameters");
    return set(child.get_object(), *field->message_type(), path.substr(dot + 1), text, replace);
  }
  Result<json::value> value = to_value(*field, text);
  if (!value) return std::unexpected(value.error());
  if (field->is_repeated()) {
    json::value& list = object[key];
    if (list.is_null()) list.emplace_array();
    list.as_array().push_back(std::move(*value));
    return {};
  }
  if (!replace && object.contains(key))
    return fail(ErrorCode::kInvalidArgument, key + ": the parameter is there twice");
  object[key] = std::move(*value);
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
  const Descriptor& input = *route.method->input_type();
  const FieldDescriptor* field = route.body == "*" ? nullptr : input.FindFieldByName(route.body);
  Result<> checked = check_fields(value->get_object(), field == nullptr ? input : *field->message_type());
  if (!checked) return std::unexpected(checked.error());
  if (field == nullptr) return std::move(value->get_object());
  json::object out;
  out[field->json_name()] = std::move(*value);
  return out;
}

// What protobuf says about JSON that does not fit, with the path in front: "(user.role): invalid value ...",
// "(user) role: ..." and "role: ..." are its ways to name a field.
Error json_problem(const google::protobuf::util::Status& status) {
  std::string message(status.message());
  const std::size_t end = message.find(')');
  if (message.starts_with('(') && end != std::string::npos) {
    const bool within = message.substr(end + 1, 1) == " ";
    message = message.substr(1, end - 1) + (within ? "." : "") + message.substr(end + (within ? 2 : 1));
  }
  return {ErrorCode::kInvalidArgument, std::move(message)};
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
  complete_mask(*object, route);
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
