#include <catch2/catch.hpp>

#include "common/http/client_pool.h"

namespace sluice::http {

TEST_CASE("a base URL names one host, whoever reads it") {
  const auto good = parse_base_url("https://API.example.com:8443/prefix/");
  REQUIRE(good);
  CHECK(good->origin.host == "api.example.com");
  CHECK(good->origin.port == 8443);
  CHECK(good->path_prefix == "/prefix");
  for (const char* bad :
       {"https://8.8.8.8.evil.example/", "https://8.8.8.8evil/x", "https://[::1]x/", "http://a b/",
        "https://user:secret@example.com/", "ftp://example.com", "https://example.com/?a=b", "example.com"}) {
    INFO(bad);
    const auto parsed = parse_base_url(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
    CHECK(parsed.error().message.find("secret") == std::string::npos);
  }
}

}  // namespace sluice::http
