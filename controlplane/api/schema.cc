#include "controlplane/api/schema.h"

#include <fmt/core.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <cstdio>
#include <cstdlib>

#include "google/api/annotations.pb.h"

namespace sluice::api {

namespace {

constexpr std::string_view kTypePrefix = "type.googleapis.com";

[[noreturn]] void broken(std::string_view what) {
  fmt::print(stderr, "embedded API descriptors: {}\n", what);
  std::abort();
}

}  // namespace

Schema::Schema() {
  // Makes sure that the extension is linked, else options would be parsed without it.
  if (google::api::http.number() == 0) broken("no google.api.http");
  const std::string_view bytes = embedded_descriptors();
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) broken("not a FileDescriptorSet");
  for (const google::protobuf::FileDescriptorProto& file : files.file()) {
    const google::protobuf::FileDescriptor* built = pool_.BuildFile(file);
    if (built == nullptr) broken(file.name());
    if (built->package() != kAdminPackage) continue;
    for (int i = 0; i < built->service_count(); ++i)
      services_.push_back(built->service(i));
  }
  types_.reset(google::protobuf::util::NewTypeResolverForDescriptorPool(std::string(kTypePrefix), &pool_));
}

Schema::~Schema() = default;

std::string Schema::rpc_name(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

std::vector<std::string> Schema::rpc_names() const {
  std::vector<std::string> names;
  for (const auto* service : services_) {
    for (int i = 0; i < service->method_count(); ++i)
      names.push_back(rpc_name(*service->method(i)));
  }
  return names;
}

std::string Schema::type_url(const google::protobuf::Descriptor& message) {
  return std::string(kTypePrefix) + "/" + message.full_name();
}

std::string Schema::unwrap(std::string_view comment) {
  std::string out;
  bool paragraph_ended = false;
  while (!comment.empty()) {
    const std::size_t end = comment.find('\n');
    std::string_view line = comment.substr(0, end);
    comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
    while (line.starts_with(' '))
      line.remove_prefix(1);
    if (line.empty()) {
      paragraph_ended = !out.empty();
      continue;
    }
    if (!out.empty()) out += paragraph_ended ? "\n\n" : " ";
    paragraph_ended = false;
    out += line;
  }
  return out;
}

}  // namespace sluice::api
