#include "common/json/top_level.h"

#include <catch2/catch.hpp>

using sluice::json::read_top_level;
using Type = sluice::json::Value::Type;

namespace {

constexpr std::string_view kWanted[] = {"model", "stream", "max_tokens"};
constexpr std::string_view kOnce[] = {"messages", "tools"};

auto read(std::string body) {
  body.reserve(body.size() + 64);
  return read_top_level(body, kWanted, kOnce);
}

}  // namespace

TEST_CASE("the wanted members are read wherever they stand") {
  auto values = read(R"({"messages":[{"model":"inner"}],"stream":true,"max_tokens":12,"model":"claude"})");
  REQUIRE(values);
  CHECK((*values)[0].string == "claude");
  CHECK((*values)[1].boolean);
  CHECK((*values)[2].integer == 12);
}

TEST_CASE("types are told apart") {
  auto values = read(R"({"model":null,"stream":"yes","max_tokens":1.0})");
  REQUIRE(values);
  CHECK((*values)[0].type == Type::kNull);
  CHECK((*values)[1].type == Type::kString);
  CHECK((*values)[2].type == Type::kOther);
  auto none = read("{}");
  REQUIRE(none);
  CHECK((*none)[0].type == Type::kAbsent);
}

TEST_CASE("repeated keys that decide are refused, others are not") {
  CHECK_FALSE(read(R"({"model":"a","model":"b"})"));
  CHECK_FALSE(read(R"({"messages":[],"messages":[]})"));
  CHECK_FALSE(read(R"({"model":null,"model":"b"})"));
  CHECK(read(R"({"x":1,"x":2,"model":"a"})"));
}

TEST_CASE("escaped spellings of keys that decide are refused") {
  CHECK_FALSE(read(R"({"mod\u0065l":"a"})"));
  CHECK_FALSE(read(R"({"model":"a","\u0073tream":true})"));
  CHECK_FALSE(read(R"({"max\u005Ftokens":1})"));
  CHECK(read(R"({"model":"mod\u0065l","x\u0065":1})"));
}

TEST_CASE("the whole document is checked") {
  const std::string broken[] = {
      "",
      "nope",
      "[]",
      "\"x\"",
      R"({"model":"a")",
      R"({"model":"a"} x)",
      R"({"model":"a","x":[1,}})",
      "{\"model\":\"\xff\"}",
  };
  for (const std::string& body : broken) {
    INFO(body);
    CHECK_FALSE(read(body));
  }
  std::string deep = R"({"model":)";
  deep += std::string(200, '[') + std::string(200, ']') + "}";
  CHECK_FALSE(read(deep));
}

TEST_CASE("a large document is read and the next small one too") {
  std::string body = R"({"messages":")" + std::string(3'000'000, 'x') + R"(","model":"big"})";
  auto values = read(body);
  REQUIRE(values);
  CHECK((*values)[0].string == "big");
  CHECK(read(R"({"model":"small"})"));
}
