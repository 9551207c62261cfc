#include "common/base/network.h"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

bool holds(std::string_view network, std::string_view address) {
  return contains(parse_network(network).value(), parse_address(address).value());
}

}  // namespace

TEST_CASE("a network contains the addresses that share its prefix") {
  CHECK(holds("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  CHECK(holds("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  CHECK(holds("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  CHECK(holds("::/0", "203.0.113.1"));
  CHECK(holds("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(holds("192.0.2.7/32", "::ffff:192.0.2.7"));
}

TEST_CASE("what is no network or address is refused") {
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "fd00::/129",
                           "localhost/8", "/8", "10.0.0.0/", "[::1]/128"}) {
    INFO(text);
    CHECK_FALSE(parse_network(text).has_value());
  }
  for (const char* text : {"", "127.1", "0x7f.0.0.1", "1.2.3.4:5", "[::1]", "fe80::1%eth0", "host"}) {
    INFO(text);
    CHECK_FALSE(parse_address(text).has_value());
  }
}
