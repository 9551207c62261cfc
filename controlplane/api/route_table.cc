#include "controlplane/api/route_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "controlplane/api/percent.h"
#include "google/api/annotations.pb.h"

namespace sluice::api {

namespace {

[[noreturn]] void broken(const google::protobuf::MethodDescriptor& method, std::string_view what) {
  fmt::print(stderr, "HTTP rule of {}: {}\n", method.full_name(), what);
  std::abort();
}

// The parts of a path that starts with '/'.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

std::pair<std::string, std::string> method_and_path(const google::protobuf::MethodDescriptor& method,
                                                    const google::api::HttpRule& rule) {
  using google::api::HttpRule;
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get()};
    case HttpRule::kPut:
      return {"PUT", rule.put()};
    case HttpRule::kPost:
      return {"POST", rule.post()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    default:
      broken(method, "no HTTP method");
  }
}

Route make_route(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule) {
  Route route;
  std::tie(route.http_method, route.path) = method_and_path(method, rule);
  route.body = rule.body();
  route.method = &method;
  route.rpc_name = Schema::rpc_name(method);
  if (!route.path.starts_with('/')) broken(method, "the path must start with '/'");
  for (const std::string_view part : split(route.path)) {
    const bool variable = part.starts_with('{') && part.ends_with('}');
    const std::string_view text = variable ? part.substr(1, part.size() - 2) : part;
    if (text.empty() || text.find_first_of("{}=*") != std::string_view::npos) broken(method, "unknown template");
    route.segments.push_back({variable, std::string(text)});
  }
  return route;
}

std::optional<Variables> match_path(const Route& route, const std::vector<std::string_view>& parts) {
  if (parts.size() != route.segments.size()) return std::nullopt;
  Variables variables;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (!segment.variable) {
      if (segment.text != parts[i]) return std::nullopt;
      continue;
    }
    auto value = percent_decode(parts[i], false);
    if (!value || value->empty()) return std::nullopt;
    variables.emplace_back(segment.text, std::move(*value));
  }
  return variables;
}

}  // namespace

RouteTable::RouteTable(const Schema& schema) {
  for (const auto* service : schema.services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const google::protobuf::MethodDescriptor& method = *service->method(i);
      if (!method.options().HasExtension(google::api::http)) broken(method, "missing");
      const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
      routes_.push_back(make_route(method, rule));
      for (const google::api::HttpRule& more : rule.additional_bindings())
        routes_.push_back(make_route(method, more));
    }
  }
}

RouteMatch RouteTable::match(std::string_view http_method, std::string_view path) const {
  const std::string_view wanted = http_method == "HEAD" ? "GET" : http_method;
  const std::vector<std::string_view> parts = split(path);
  RouteMatch found;
  for (const Route& route : routes_) {
    auto variables = match_path(route, parts);
    if (!variables) continue;
    if (route.http_method == wanted) return {&route, std::move(*variables), {}};
    found.allow += (found.allow.empty() ? "" : ", ") + route.http_method;
  }
  return found;
}

}  // namespace sluice::api
