#include "controlplane/api/access.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "google/api/annotations.pb.h"
#include "sluice/admin/v1/access.pb.h"

namespace sluice::api {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

[[noreturn]] void broken(const Descriptor& request, std::string_view why) {
  fmt::print(stderr, "sluice: access of {}: {}\n", request.full_name(), why);
  std::abort();
}

const MethodDescriptor* method_of(const Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      const MethodDescriptor* method = file.service(s)->method(m);
      if (method->input_type() == &request) return method;
    }
  }
  return nullptr;
}

// "admin_token.user_id" down from the request; nullptr if there is no such text field.
const FieldDescriptor* field_at(const Descriptor& message, std::string_view path) {
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field = message.FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return nullptr;
  if (dot != std::string_view::npos) {
    return field->message_type() == nullptr ? nullptr : field_at(*field->message_type(), path.substr(dot + 1));
  }
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated() ? field : nullptr;
}

std::string text_at(const Message& message, std::string_view path) {
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (dot == std::string_view::npos) return message.GetReflection()->GetString(message, field);
  return text_at(message.GetReflection()->GetMessage(message, field), path.substr(dot + 1));
}

}  // namespace

AccessRule access_rule(const Descriptor& request) {
  const MethodDescriptor* method = method_of(request);
  if (method == nullptr) broken(request, "no method takes it");
  if (!method->options().HasExtension(admin::v1::access)) broken(request, "its method has no option (access)");
  const admin::v1::Access& access = method->options().GetExtension(admin::v1::access);
  if (!access.scope().empty() && !identity::Scopes::exists(access.scope())) broken(request, "unknown scope");
  if (!access.self().empty() && access.self() != "*" && field_at(request, access.self()) == nullptr) {
    broken(request, "self names no text field");
  }
  if (access.open() != (access.scope().empty() && access.self().empty())) broken(request, "open, or else not");
  return {.method = method->service()->name() + "." + method->name(),
          .scope = access.scope(),
          .self = access.self(),
          .open = access.open(),
          .outside = access.outside(),
          .safe = !method->options().GetExtension(google::api::http).get().empty()};
}

Result<Reach> permit(const AccessRule& rule, const identity::Caller& caller, const Message& request) {
  if (rule.open) return Reach::kOwn;
  if (!rule.scope.empty() && caller.scopes.has(rule.scope)) return Reach::kAll;
  const bool himself = !caller.user_id.empty() && caller.scopes.has("self");
  if (!rule.self.empty() && himself) {
    if (rule.self == "*" || text_at(request, rule.self) == caller.user_id) return Reach::kOwn;
    return fail(ErrorCode::kPermissionDenied, fmt::format("{}: without the scope {} this must be your own id, {}",
                                                          rule.self, rule.scope, caller.user_id));
  }
  if (rule.scope.empty()) return fail(ErrorCode::kPermissionDenied, "this is for people who have signed in");
  return fail(ErrorCode::kPermissionDenied, fmt::format("{} needs the scope {}", rule.method, rule.scope));
}

}  // namespace sluice::api
