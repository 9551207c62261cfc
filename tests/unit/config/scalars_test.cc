#include "common/config/scalars.h"

#include <catch2/catch.hpp>

#include "common/config/nearest.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations need a unit") {
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("7d") == 168h);
  for (const char* bad : {"", "10", "s", "-1s", "1.5s", "10 s", " 10s", "10s ", "10S", "1us", "99999999999999999d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad).has_value());
  }
}

TEST_CASE("sizes need a binary unit") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("3GiB") == 3ULL << 30);
  for (const char* bad : {"", "10", "10MB", "10kb", "-1B", "1.5KiB", "9999999999999GiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad).has_value());
  }
}

TEST_CASE("durations and sizes are shown in the largest fitting unit") {
  CHECK(to_text(0ms) == "0ms");
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(2min) == "2m");
  CHECK(to_text(48h) == "2d");
  CHECK(size_to_text(1000) == "1000B");
  CHECK(size_to_text(32U << 20) == "32MiB");
}

TEST_CASE("addresses have a host and a port") {
  CHECK(parse_host_port("127.0.0.1:80")->host == "127.0.0.1");
  CHECK(parse_host_port("[::1]:65535")->host == "::1");
  CHECK(parse_host_port("redis.internal:0")->port == 0);
  for (const char* bad : {"", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[]:80", "a b:80",
                          "http://h:80", "u@h:80", "host:+80"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_host_port(bad).has_value());
  }
}

TEST_CASE("integers are whole and fit") {
  CHECK(parse_integer("-9223372036854775808") == INT64_MIN);
  for (const char* bad : {"", "1.0", "1e3", "0x10", " 1", "1 ", "9223372036854775808", "+1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_integer(bad).has_value());
  }
}

TEST_CASE("the nearest word is close in spelling or none") {
  const std::vector<std::string> words = {"listen", "redis", "command_time"};
  CHECK(nearest("lsten", words) == "listen");
  CHECK(nearest("Redis", words) == "redis");
  CHECK(nearest("comand-time", words) == "command_time");
  CHECK(nearest("port", words).empty());
  CHECK(nearest("x", {}).empty());
}

}  // namespace
}  // namespace sluice::config
