#include <catch2/catch.hpp>

#include "common/io/proxy.h"

namespace sluice::io {
namespace {

TEST_CASE("proxy: URLs of both kinds, and how they are shown") {
  const auto [url, kind, host, port, shown] = GENERATE(table<std::string, Proxy::Kind, std::string, int, std::string>({
      {"http://proxy.example:3128", Proxy::Kind::kHttpConnect, "proxy.example", 3128, "http://proxy.example:3128"},
      {"HTTP://Proxy.Example:80", Proxy::Kind::kHttpConnect, "proxy.example", 80, "http://proxy.example:80"},
      {"socks5h://10.0.0.1:1080", Proxy::Kind::kSocks5, "10.0.0.1", 1080, "socks5h://10.0.0.1:1080"},
      {"socks5h://[2001:db8::1]:65535", Proxy::Kind::kSocks5, "2001:db8::1", 65535, "socks5h://[2001:db8::1]:65535"},
  }));
  Result<Proxy> proxy = parse_proxy_url(url);
  REQUIRE(proxy.has_value());
  CHECK(proxy->kind == kind);
  CHECK(proxy->host == host);
  CHECK(proxy->port == port);
  proxy->username = "secret-user";
  proxy->password = Secret("secret-password");
  CHECK(proxy->to_string() == shown);
}

TEST_CASE("proxy: other URLs are refused, and never repeated") {
  const std::string url = GENERATE(as<std::string>(), "", "proxy:3128", "https://hunter2:443", "socks5://hunter2:1080",
                                   "socks5h://hunter2", "http://hunter2:", "http://hunter2:0", "http://hunter2:65536",
                                   "http://hunter2:80/", "http://hunter2:80/x?y#z", "http://u:hunter2@proxy:80",
                                   "http://:80", "http://hunter2 x:80", "http://[hunter2]:80", "http://[::1:80",
                                   "http://::1:80", "http://[::1]x:80", "http://[]:80", "http://hunter2:80\r\n");
  Result<Proxy> proxy = parse_proxy_url(url);
  REQUIRE_FALSE(proxy.has_value());
  CHECK(proxy.error().code == ErrorCode::kInvalidArgument);
  CHECK(proxy.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("proxy: a host of more than 255 bytes is refused") {
  CHECK(parse_proxy_url("http://" + std::string(255, 'a') + ":1").has_value());
  CHECK_FALSE(parse_proxy_url("http://" + std::string(256, 'a') + ":1").has_value());
}

}  // namespace
}  // namespace sluice::io
