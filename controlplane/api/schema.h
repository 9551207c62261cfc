// The admin API as its descriptors say it, with comments: what REST routes, transcoding and /openapi.json are made of.
// Immutable; any thread.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/type_resolver.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

// A serialized google.protobuf.FileDescriptorSet with source info, compiled in.
[[nodiscard]] std::string_view embedded_descriptors();

inline constexpr std::string_view kAdminPackage = "sluice.admin.v1";

class Schema {
 public:
  // Aborts if the embedded descriptors do not fit together: the build made them.
  Schema();
  ~Schema();

  // Of the admin package, in the order of their files' names.
  [[nodiscard]] const std::vector<const google::protobuf::ServiceDescriptor*>& services() const { return services_; }
  // "/sluice.admin.v1.UserService/GetUser" of every method.
  [[nodiscard]] std::vector<std::string> rpc_names() const;
  [[nodiscard]] static std::string rpc_name(const google::protobuf::MethodDescriptor& method);
  // For protobuf's JSON functions.
  [[nodiscard]] google::protobuf::util::TypeResolver& types() const { return *types_; }
  [[nodiscard]] static std::string type_url(const google::protobuf::Descriptor& message);
  // The comment above an element, on one line per paragraph; empty if it has none.
  template <class Descriptor>
  [[nodiscard]] static std::string comment(const Descriptor& descriptor) {
    google::protobuf::SourceLocation location;
    if (!descriptor.GetSourceLocation(&location)) return {};
    return unwrap(location.leading_comments);
  }

 private:
  [[nodiscard]] static std::string unwrap(std::string_view comment);

  google::protobuf::DescriptorPool pool_;
  std::vector<const google::protobuf::ServiceDescriptor*> services_;
  std::unique_ptr<google::protobuf::util::TypeResolver> types_;
};

}  // namespace sluice::api
