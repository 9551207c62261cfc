#include <catch2/catch.hpp>

#include "common/base/backoff.h"
#include "common/base/hex.h"

namespace sluice {
namespace {

TEST_CASE("hex goes both ways for every byte") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += static_cast<char>(byte);
  CHECK(to_hex(std::string_view("\x00\x7f\xff", 3)) == "007fff");
  CHECK(from_hex(to_hex(all)) == all);
  CHECK(from_hex("00aAfF") == std::string("\x00\xaa\xff", 3));
  CHECK(from_hex("").value().empty());
}

TEST_CASE("what is no hex is refused") {
  for (const char* text : {"0", "0g", "g0", " 00", "0x00", "00 ", "0\n"}) {
    CAPTURE(text);
    CHECK_FALSE(from_hex(text).has_value());
  }
}

TEST_CASE("back-off doubles its ceiling up to the cap, and waits anywhere below it") {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(10), milliseconds(50));
  for (const int ceiling : {10, 20, 40, 50, 50}) {
    CHECK(backoff.ceiling() == milliseconds(ceiling));
    const milliseconds wait = backoff.next();
    CHECK(wait >= milliseconds(0));
    CHECK(wait <= milliseconds(ceiling));
  }
  backoff.reset();
  CHECK(backoff.ceiling() == milliseconds(10));
}

TEST_CASE("back-off waits differ: clients do not return together") {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(1'000'000), milliseconds(1'000'000));
  const milliseconds first = backoff.next();
  const milliseconds second = backoff.next();
  const milliseconds third = backoff.next();
  CHECK((first != second || second != third));
}

}  // namespace
}  // namespace sluice
