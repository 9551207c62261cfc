// The session's cookie among others, and where a client comes from.
#include "controlplane/api/session_cookie.h"

#include <catch2/catch.hpp>

namespace sluice::api {

namespace {

http::WholeRequest with(const std::string& name, const std::vector<std::string>& values) {
  http::WholeRequest request;
  for (const std::string& value : values)
    request.fields.emplace_back(name, value);
  return request;
}

std::string cookie_in(const std::string& field) {
  return std::string(session_cookie(with("cookie", {field})));
}

}  // namespace

TEST_CASE("the session's cookie is found by its whole name") {
  CHECK(cookie_in("sluice_session=abc") == "abc");
  CHECK(cookie_in("theme=dark; sluice_session=abc") == "abc");
  CHECK(cookie_in("sluice_session=abc; theme=dark") == "abc");
  CHECK(cookie_in("a=1;sluice_session=abc ;b=2") == "abc");
  for (const char* none : {"", ";", "=", "sluice_session", "xsluice_session=abc", "sluice_session2=abc",
                           "SLUICE_SESSION=abc", "a=sluice_session=abc"})
    CHECK(cookie_in(none).empty());
}

TEST_CASE("a cookie is for https unless the config says otherwise") {
  CHECK(session_cookie_field("abc", true) ==
        "sluice_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure");
  CHECK(session_cookie_field("abc", false) == "sluice_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800");
  CHECK(no_session_cookie_field(true) == "sluice_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
}

TEST_CASE("a client's network is what trusted proxies say of it") {
  const std::vector<Network> trusted{*parse_network("127.0.0.1/32"), *parse_network("10.0.0.0/8")};
  const auto network = [&](const std::vector<std::string>& values) {
    return client_network(with("x-forwarded-for", values), trusted);
  };
  CHECK(network({"203.0.113.7"}) == "203.0.113.7/32");
  // What stands further left is the client's own invention.
  CHECK(network({"198.51.100.1, 203.0.113.7"}) == "203.0.113.7/32");
  CHECK(network({"198.51.100.1, 203.0.113.7, 10.1.2.3"}) == "203.0.113.7/32");
  CHECK(network({"198.51.100.1", "203.0.113.7"}) == "203.0.113.7/32");
  CHECK(network({"198.51.100.1, nonsense, 10.1.2.3"}).empty());
  CHECK(network({"2001:db8:1:2:3:4:5:6"}) == "2001:db8:1:2::/64");
  CHECK(network({"10.1.2.3"}).empty());
  CHECK(network({""}).empty());
  CHECK(network({}).empty());
  CHECK(client_network(with("x-forwarded-for", {"203.0.113.7"}), {}).empty());
}

TEST_CASE("the network of a gRPC peer is its address, of IPv6 the first half") {
  CHECK(peer_network("ipv4:203.0.113.7:443") == "203.0.113.7/32");
  CHECK(peer_network("ipv6:%5B2001:db8:0:1::7%5D:443") == "2001:db8:0:1::/64");
  CHECK(peer_network("ipv6:[::ffff:203.0.113.7]:443") == "203.0.113.7/32");
  for (const char* none : {"", "unix:/run/x.sock", "unix:", "ipv4:", "ipv4:name:443", "ipv6:%5B%5D:1", "inproc"})
    CHECK(peer_network(none).empty());
}

}  // namespace sluice::api
