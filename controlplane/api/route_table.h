// From HTTP method and path to RPC: the google.api.http rules of the schema as a table. Immutable; any thread.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/api/schema.h"

namespace sluice::api {

// A part of a path template between slashes: a literal or a variable.
struct Segment {
  bool variable = false;
  std::string text;  // the literal, or the field that the variable fills: "user.id"
};

struct Route {
  std::string http_method;
  std::string path;  // as in the rule: "/admin/v1/users/{user_id}"
  std::vector<Segment> segments;
  std::string body;  // "", "*" or a field of the request
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string rpc_name;
};

// Field path and decoded value of each variable of the path.
using Variables = std::vector<std::pair<std::string, std::string>>;

struct RouteMatch {
  const Route* route = nullptr;
  Variables variables;
  // Without a route: what the path allows, e.g. "GET, POST". Empty: there is no such path.
  std::string allow;
};

class RouteTable {
 public:
  // Aborts on a template that it does not understand ({name=pattern}, wildcards) and on a method without a rule.
  explicit RouteTable(const Schema& schema);

  // HEAD is answered as GET.
  [[nodiscard]] RouteMatch match(std::string_view http_method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace sluice::api
