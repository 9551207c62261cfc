#include "common/json/splice.h"

#include <catch2/catch.hpp>

using sluice::json::replace_string;

namespace {

std::string padded(std::string body) {
  body.reserve(body.size() + 64);
  return body;
}

}  // namespace

TEST_CASE("only the value changes: spaces, key order and number formats survive") {
  const std::string body =
      padded("{ \"max_tokens\":1.0e3,\n\t\"model\" :  \"claude-x\" , \"messages\":[{\"model\":\"y\"}]}");
  CHECK(*replace_string(body, "model", "other") ==
        "{ \"max_tokens\":1.0e3,\n\t\"model\" :  \"other\" , \"messages\":[{\"model\":\"y\"}]}");
}

TEST_CASE("quotes and backslashes in the old and the new value") {
  CHECK(*replace_string(padded(R"({"model":"a\"b\\","x":1})"), "model", "q\"\\") == R"({"model":"q\"\\","x":1})");
}

TEST_CASE("what is no string at the top cannot be replaced") {
  CHECK_FALSE(replace_string(padded(R"({"model":7})"), "model", "x"));
  CHECK_FALSE(replace_string(padded(R"({"other":{"model":"x"}})"), "model", "x"));
  CHECK_FALSE(replace_string(padded("[]"), "model", "x"));
}
