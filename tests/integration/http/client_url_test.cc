#include <catch2/catch.hpp>

#include "common/http/client_pool.h"

namespace sluice::http {
namespace {

struct Good {
  const char* url;
  bool tls;
  const char* host;
  int port;
  const char* prefix;
  const char* host_field;
};

TEST_CASE("base URL: origins and prefixes") {
  const Good good = GENERATE(values<Good>({
      {"https://api.anthropic.com", true, "api.anthropic.com", 443, "", "api.anthropic.com"},
      {"https://api.anthropic.com/", true, "api.anthropic.com", 443, "", "api.anthropic.com"},
      {"HTTP://API.Example.com:8080/a/b/", false, "api.example.com", 8080, "/a/b", "api.example.com:8080"},
      {"http://127.0.0.1:80/v1", false, "127.0.0.1", 80, "/v1", "127.0.0.1"},
      {"https://[::1]:8443", true, "::1", 8443, "", "[::1]:8443"},
      {"https://[::1]", true, "::1", 443, "", "[::1]"},
      {"https://x:443/p%20q", true, "x", 443, "/p%20q", "x"},
  }));
  CAPTURE(good.url);
  const Result<BaseUrl> base = parse_base_url(good.url);
  REQUIRE(base.has_value());
  CHECK(base->origin.tls == good.tls);
  CHECK(base->origin.host == good.host);
  CHECK(base->origin.port == good.port);
  CHECK(base->path_prefix == good.prefix);
  CHECK(base->origin.host_field() == good.host_field);
}

TEST_CASE("base URL: what is none") {
  const std::string url = GENERATE("", "api.example.com", "/v1", "ftp://example.com", "https://", "https:///v1",
                                   "https://user:hunter2@example.com", "https://example.com/?a=b",
                                   "https://example.com/#f", "https://example.com:99999", "https://example.com:0",
                                   "https://exa mple.com", "https://example.com/a b", "https://example.com\r\n");
  CAPTURE(url);
  const Result<BaseUrl> base = parse_base_url(url);
  REQUIRE_FALSE(base.has_value());
  CHECK(base.error().code == ErrorCode::kInvalidArgument);
  CHECK(base.error().message.find("hunter2") == std::string::npos);
}

}  // namespace
}  // namespace sluice::http
