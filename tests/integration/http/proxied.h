// Requests through the proxies of tests/support, to a server of the test.
#pragma once

#include "tests/integration/http/client_server.h"
#include "tests/support/egress_proxy.h"

namespace sluice::http {

using testing::EgressProxy;
using Kind = EgressProxy::Kind;
using Mood = EgressProxy::Mood;
using ProxyPointer = std::shared_ptr<const io::Proxy>;

inline constexpr const char* kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
// Only the test's proxies can resolve it.
inline constexpr const char* kHiddenName = "upstream.test";

inline ProxyPointer pointer_to(const EgressProxy& proxy, std::string username = {}, std::string password = {}) {
  Result<io::Proxy> parsed = io::parse_proxy_url(proxy.url());
  REQUIRE(parsed.has_value());
  parsed->username = std::move(username);
  parsed->password = Secret(std::move(password));
  return std::make_shared<const io::Proxy>(std::move(*parsed));
}

// The same server under the name that only proxies know.
inline Origin hidden(const ScriptedServer& server) {
  Origin origin = server.origin();
  origin.host = kHiddenName;
  return origin;
}

struct Proxied {
  std::string body;
  std::string via;
  std::optional<ClientError> error;
};

inline io::Task<Proxied> fetch_through(ClientPool& pool, Origin origin, std::vector<ProxyPointer> proxies,
                                       SteadyTime deadline = io::soon(), io::Cancel* cancel = nullptr) {
  ClientRequest request;
  request.origin = &origin;
  request.method = "GET";
  request.target = "/";
  request.proxies = proxies;
  Proxied result;
  std::expected<ClientResponse, ClientError> response = co_await pool.send(request, deadline, cancel);
  if (!response) {
    result.via = response.error().via;
    result.error = std::move(response.error());
    co_return result;
  }
  Result<std::string> whole = co_await response->read_whole_body(1u << 20, deadline);
  result.via = response->via();
  if (whole) {
    result.body = std::move(*whole);
  } else {
    result.error = ClientError{ClientError::Stage::kBody, std::move(whole.error())};
  }
  co_return result;
}

}  // namespace sluice::http
