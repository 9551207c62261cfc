#include "controlplane/api/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>

#include "controlplane/api/access.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/rest_stream.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// "user.id" and "id" both become "id": the same path has the same parameters in every method.
std::string parameter_name(std::string_view field_path) {
  field_path.remove_prefix(field_path.rfind('.') + 1);
  std::string out;
  bool upper = false;
  for (const char c : field_path) {
    if (c != '_') out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return out;
}

// The text, or words for an element without a comment.
std::string text_or(std::string text, std::string_view words) {
  return text.empty() ? std::string(words) : text;
}

std::string path_key(const Route& route) {
  std::string out;
  for (const Segment& segment : route.segments)
    out += segment.variable ? "/{" + parameter_name(segment.text) + "}" : "/" + segment.text;
  return out;
}

const FieldDescriptor* find_by_path(const Descriptor* message, std::string_view path) {
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field = message->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr || dot == std::string_view::npos) return field;
  return find_by_path(field->message_type(), path.substr(dot + 1));
}

bool in_path(const Route& route, const FieldDescriptor& field) {
  for (const Segment& segment : route.segments) {
    if (segment.variable && (segment.text == field.name() || segment.text.starts_with(field.name() + "."))) return true;
  }
  return false;
}

json::object parameter(std::string_view where, std::string_view name, const FieldDescriptor& field) {
  json::object out{{"name", json::string_view(name.data(), name.size())},
                   {"in", json::string_view(where.data(), where.size())},
                   {"schema", field_schema(field)}};
  if (const std::string comment = Schema::comment(field); !comment.empty()) out["description"] = comment;
  if (where == "path") out["required"] = true;
  return out;
}

json::array parameters(const Route& route) {
  json::array out;
  const Descriptor& request = *route.method->input_type();
  for (const Segment& segment : route.segments) {
    if (!segment.variable) continue;
    out.push_back(parameter("path", parameter_name(segment.text), *find_by_path(&request, segment.text)));
  }
  if (route.body == "*") return out;
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (field.name() == route.body || in_path(route, field)) continue;
    out.push_back(parameter("query", field.json_name(), field));
  }
  return out;
}

json::object content(std::string_view type, const std::string& schema, json::object example) {
  const json::string_view key(type.data(), type.size());
  return {{key, json::object{{"schema", json::object{{"$ref", schema_reference(schema)}}},
                             {"example", std::move(example)}}}};
}

json::object header(std::string_view name, std::string_view description) {
  return {{"name", json::string_view(name.data(), name.size())},
          {"in", "header"},
          {"description", json::string_view(description.data(), description.size())},
          {"schema", json::object{{"type", "string"}}}};
}

// What every call that changes something takes, but those with effects elsewhere (idempotency.h, admin_call.h).
void add_wishes(const Route& route, json::array& into) {
  const AccessRule rule = access_rule(*route.method->input_type());
  if (rule.safe || rule.open || rule.outside) return;
  into.push_back(header(kIdempotencyMetadata,
                        "Up to 255 printable characters. The same call with the same key is done once; the answer is "
                        "remembered for 24 hours."));
  into.push_back(header(kDryRunMetadata, "\"true\": answers as the call would, and changes nothing."));
}

json::object request_id_header() {
  return {{"x-request-id",
           json::object{{"description", "Names the request in logs."}, {"schema", json::object{{"type", "string"}}}}}};
}

json::object responses(const Route& route) {
  const Descriptor& answer = *route.method->output_type();
  const json::object problem{{"$ref", "#/components/responses/Problem"}};
  // Of a stream: the schema is that of the data of one event (rest_stream.h).
  const std::string_view type = route.method->server_streaming() ? "text/event-stream" : "application/json";
  return {{"200", json::object{{"description", text_or(Schema::comment(answer), "Done.")},
                               {"headers", request_id_header()},
                               {"content", content(type, answer.name(), message_example(answer, Direction::kAnswer))}}},
          {"4XX", problem},
          {"default", problem}};
}

json::object operation(const Route& route) {
  const google::protobuf::MethodDescriptor& method = *route.method;
  const std::string comment = Schema::comment(method);
  std::string summary = comment.substr(0, comment.find(". "));
  if (summary.ends_with('.')) summary.pop_back();
  json::object out{{"operationId", method.service()->name() + "_" + method.name()},
                   {"summary", summary},
                   {"description", comment},
                   {"tags", json::array{method.service()->name()}}};
  json::array list = parameters(route);
  add_wishes(route, list);
  if (route.method->server_streaming()) {
    list.push_back(header(kLastEventMetadata, "The id of the last event that the client saw, to go on from there."));
  }
  if (!list.empty()) out["parameters"] = std::move(list);
  if (!route.body.empty()) {
    const Descriptor* body = method.input_type();
    if (route.body != "*") body = body->FindFieldByName(route.body)->message_type();
    out["requestBody"] = json::object{
        {"required", true},
        {"content", content("application/json", body->name(), message_example(*body, Direction::kRequest))}};
  }
  out["responses"] = responses(route);
  // Only what is under /admin/ asks for a token (rest.cc).
  if (!path_key(route).starts_with("/admin/")) out["security"] = json::array();
  return out;
}

json::object problem_example() {
  return {{"type", "urn:sluice:problem:invalid-argument"},
          {"title", "The request is not valid"},
          {"status", 400},
          {"detail", "name: must not be empty"},
          {"request_id", "01935f7a-2c4e-7b3a-9a51-3f0c2b1d4e5f"},
          {"errors", json::array{json::object{{"field", "name"}, {"detail", "must not be empty"}}}}};
}

json::object paths(const RouteTable& routes) {
  json::object out;
  for (const Route& route : routes.routes()) {
    json::value& item = out[path_key(route)];
    if (item.is_null()) item.emplace_object();
    std::string verb = route.http_method;
    for (char& c : verb)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    item.get_object()[verb] = operation(route);
  }
  return out;
}

json::array tags(const Schema& schema) {
  json::array out;
  for (const auto* service : schema.services())
    out.push_back(json::object{{"name", service->name()}, {"description", Schema::comment(*service)}});
  return out;
}

}  // namespace

std::string openapi(const Schema& schema, const RouteTable& routes, const std::string& version) {
  const json::object problem{{"description", "What went wrong."},
                             {"headers", request_id_header()},
                             {"content", content("application/problem+json", "Problem", problem_example())}};
  const json::object bearer{{"type", "http"},
                            {"scheme", "bearer"},
                            {"description", "An admin token, or the bootstrap token of the installation."}};
  const json::object session{
      {"type", "apiKey"},
      {"in", "cookie"},
      {"name", "sluice_session"},
      {"description", "Set by POST /auth/v1/login. Every call but GET sends x-csrf-token, too."}};
  const json::object document{
      {"openapi", "3.1.0"},
      {"info",
       json::object{{"title", "Sluice admin API"},
                    {"version", version},
                    {"description", "Administration of a Sluice gateway. The same methods are served by gRPC."},
                    {"contact", json::object{{"name", "The operator of this gateway"}}},
                    {"license", json::object{{"name", "Proprietary"}, {"identifier", "LicenseRef-Proprietary"}}}}},
      {"servers", json::array{json::object{{"url", "/"}, {"description", "This control plane."}}}},
      {"security", json::array{json::object{{"bearer", json::array{}}}, json::object{{"session", json::array{}}}}},
      {"tags", tags(schema)},
      {"paths", paths(routes)},
      {"components", json::object{{"securitySchemes", json::object{{"bearer", bearer}, {"session", session}}},
                                  {"responses", json::object{{"Problem", problem}}},
                                  {"schemas", component_schemas(routes)}}}};
  return json::serialize(document);
}

}  // namespace sluice::api
