#include "controlplane/api/update_mask.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "controlplane/api/fields.h"

namespace sluice::api {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// A path that is none is left as it is: the service refuses it by name.
std::string proto_path(std::string_view path, const Descriptor& message) {
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field = find_field(message, path.substr(0, dot));
  if (field == nullptr) return std::string(path);
  if (dot == std::string_view::npos) return field->name();
  if (!is_object(*field)) return std::string(path);
  return field->name() + "." + proto_path(path.substr(dot + 1), *field->message_type());
}

std::string proto_paths(std::string_view mask, const Descriptor& message) {
  std::string out;
  while (!mask.empty()) {
    const std::string_view path = mask.substr(0, mask.find(','));
    mask.remove_prefix(std::min(path.size() + 1, mask.size()));
    if (!path.empty()) out += (out.empty() ? "" : ",") + proto_path(path, message);
  }
  return out;
}

// Paths of everything that `object` holds, down to the fields that are no messages.
void add_paths(const json::object& object, const Descriptor& message, const std::string& prefix, std::string& out) {
  for (const auto& [key, value] : object) {
    const FieldDescriptor* field = find_field(message, {key.data(), key.size()});
    if (field == nullptr) continue;
    const std::string path = prefix + field->name();
    const json::object* inner = value.if_object();
    if (inner != nullptr && !inner->empty() && is_object(*field)) {
      add_paths(*inner, *field->message_type(), path + ".", out);
    } else {
      out += (out.empty() ? "" : ",") + path;
    }
  }
}

}  // namespace

void complete_mask(json::object& request, const Route& route) {
  if (route.body.empty() || route.body == "*") return;
  const Descriptor& input = *route.method->input_type();
  const FieldDescriptor* mask = input.FindFieldByName("update_mask");
  if (mask == nullptr) return;
  const FieldDescriptor& body = *input.FindFieldByName(route.body);
  const json::value* given = request.if_contains(mask->json_name());
  std::string paths;
  if (given != nullptr && given->is_string() && !given->get_string().empty()) {
    paths = proto_paths({given->get_string().data(), given->get_string().size()}, *body.message_type());
  } else if (route.http_method == "PATCH") {
    const json::value* change = request.if_contains(body.json_name());
    if (change != nullptr && change->is_object()) add_paths(change->get_object(), *body.message_type(), "", paths);
  }
  if (!paths.empty()) request[mask->json_name()] = paths;
}

}  // namespace sluice::api
