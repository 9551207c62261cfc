#include "controlplane/accounts/base_url_guard.h"

#include <catch2/catch.hpp>

namespace sluice::accounts {

namespace {

// Numeric hosts only: no test asks a name server.
bool good(const BaseUrlGuard& guard, const std::string& url) {
  const auto checked = guard.check(url);
  if (!checked) CHECK(checked.error().code == ErrorCode::kInvalidArgument);
  return checked.has_value();
}

}  // namespace

TEST_CASE("only https to public addresses is allowed by default") {
  const BaseUrlGuard guard({});
  CHECK(guard.check("https://8.8.8.8").value() == "8.8.8.8:443");
  CHECK(guard.check("https://8.8.8.8:8443/prefix").value() == "8.8.8.8:8443");
  CHECK(guard.check("https://[2606:4700::1111]").value() == "[2606:4700::1111]:443");
  CHECK_FALSE(good(guard, "http://8.8.8.8"));
}

TEST_CASE("internal addresses are refused in every spelling") {
  const BaseUrlGuard guard({});
  for (const char* host : {"127.0.0.1",
                           "127.255.0.9",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "[::1]",
                           "[::]",
                           "[fe80::1]",
                           "[fd00::1]",
                           "[ff02::1]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:10.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "[64:ff9b::a00:1]",
                           "[2002:7f00:1::]",
                           "[2002:a9fe:a9fe::]",
                           "2130706433",
                           "0x7f000001",
                           "127.1",
                           "0177.0.0.1",
                           "localhost"}) {
    INFO(host);
    CHECK_FALSE(good(guard, std::string("https://") + host));
    CHECK_FALSE(good(guard, std::string("http://") + host));
  }
  CHECK(good(guard, "https://172.32.0.1"));
  CHECK(good(guard, "https://11.0.0.1"));
}

TEST_CASE("a listed network may be used, also over http, and nothing beside it") {
  const BaseUrlGuard guard({*parse_network("127.0.0.0/8"), *parse_network("fd00::/8")});
  CHECK(guard.check("http://127.0.0.1:8099").value() == "127.0.0.1:8099");
  CHECK(guard.check("https://[fd00::1]").value() == "[fd00::1]:443");
  CHECK(good(guard, "http://[::ffff:127.0.0.1]"));
  CHECK_FALSE(good(guard, "http://10.0.0.1"));
  CHECK_FALSE(good(guard, "http://[fe80::1]"));
  CHECK_FALSE(good(guard, "http://8.8.8.8"));
}

TEST_CASE("what is no base URL is refused") {
  const BaseUrlGuard guard({});
  for (const char* url :
       {"", "8.8.8.8", "ftp://8.8.8.8", "https://", "https://user:secret@8.8.8.8", "https://8.8.8.8#x",
        "https://8.8.8.8?x", "https://8.8.8.8:99999", "https:// 8.8.8.8", "file:///etc/passwd"}) {
    INFO(url);
    CHECK_FALSE(good(guard, url));
  }
}

TEST_CASE("networks are read strictly") {
  for (const char* text :
       {"10.0.0.0", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "x/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", ""}) {
    INFO(text);
    CHECK_FALSE(parse_network(text));
  }
  CHECK(parse_network("0.0.0.0/0"));
  CHECK(parse_network("::/0"));
  const auto odd = *parse_network("10.128.0.0/9");
  CHECK(contains(odd, parse_network("10.255.0.0/32")->prefix));
  CHECK_FALSE(contains(odd, parse_network("10.127.255.255/32")->prefix));
}

}  // namespace sluice::accounts
