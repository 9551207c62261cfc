#include "dataplane/request/client_address.h"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

std::optional<Address> seen(std::string_view peer, const std::vector<std::string_view>& forwarded,
                            const std::vector<Network>& trusted) {
  std::vector<http::Field> fields = {{"host", "x"}};
  for (const std::string_view value : forwarded)
    fields.push_back({"X-Forwarded-For", value});
  return request::client_address(peer, fields, trusted);
}

const std::vector<Network> kInside = {parse_network("10.0.0.0/8").value(), parse_network("::1/128").value()};

}  // namespace

TEST_CASE("without trusted proxies the peer is the client, whatever it says") {
  CHECK(seen("192.0.2.1", {"198.51.100.7"}, {}) == parse_address("192.0.2.1"));
  CHECK(seen("2001:db8::1", {}, {}) == parse_address("2001:db8::1"));
  CHECK(seen("192.0.2.1", {"10.0.0.1"}, kInside) == parse_address("192.0.2.1"));
  CHECK(seen("", {}, {}) == std::nullopt);
}

TEST_CASE("a trusted proxy is believed, and what stands left of a stranger is not") {
  CHECK(seen("10.0.0.1", {"192.0.2.1"}, kInside) == parse_address("192.0.2.1"));
  CHECK(seen("10.0.0.1", {"203.0.113.9, 192.0.2.1 , 10.0.0.2"}, kInside) == parse_address("192.0.2.1"));
  CHECK(seen("::1", {"203.0.113.9", "192.0.2.1", "10.0.0.2,10.0.0.3"}, kInside) == parse_address("192.0.2.1"));
  CHECK(seen("10.0.0.1", {"10.1.2.3, 10.0.0.2"}, kInside) == parse_address("10.1.2.3"));
}

TEST_CASE("a trusted proxy that says nothing, or nonsense, leaves the client unknown") {
  CHECK(seen("10.0.0.1", {}, kInside) == std::nullopt);
  CHECK(seen("10.0.0.1", {"unknown"}, kInside) == std::nullopt);
  CHECK(seen("10.0.0.1", {"192.0.2.1:4711"}, kInside) == std::nullopt);
  CHECK(seen("10.0.0.1", {"192.0.2.1, ,"}, kInside) == std::nullopt);
}
