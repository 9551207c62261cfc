#include "dataplane/request/route.h"

#include <fmt/format.h>

namespace sluice::request {

namespace {

struct Route {
  std::string_view path;
  std::string_view method;
  Endpoint endpoint;
};

constexpr Route kRoutes[] = {
    {"/v1/messages", "POST", Endpoint::kMessages},
    {"/v1/messages/count_tokens", "POST", Endpoint::kCountTokens},
    {"/v1/models", "GET", Endpoint::kModels},
};

}  // namespace

Step route(Exchange& exchange) {
  const http::RequestHead& head = exchange.client.head();
  for (const Route& route : kRoutes) {
    if (route.path != head.path) continue;
    if (route.method != head.method) {
      exchange.allowed_method = route.method;
      return std::unexpected(protocol::ApiError{
          .status = 405, .message = fmt::format("{} takes {} requests only", route.path, route.method)});
    }
    exchange.endpoint = route.endpoint;
    return {};
  }
  return std::unexpected(
      protocol::ApiError{.status = 404, .message = fmt::format("there is nothing at {}", head.path)});
}

}  // namespace sluice::request
