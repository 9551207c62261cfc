#include "common/observe/log.h"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <type_traits>

#include "common/observe/log_line.h"
#include "common/observe/redact.h"
#include "common/observe/utf8.h"

namespace sluice::observe {
namespace {

constexpr SystemTime kNoon{std::chrono::microseconds(1'700'000'000'000'042)};

std::string line(std::initializer_list<Field> fields, std::string_view event = "event") {
  return log_line(kNoon, Level::kWarn, "sluice-dataplane", "node-1", event, std::span(fields.begin(), fields.size()));
}

template <class T>
concept Loggable = requires(const T& value) { Field("name", value); };

// A Secret cannot be logged: it does not compile.
static_assert(Loggable<std::string> && Loggable<const char*> && Loggable<int> && Loggable<double>);
static_assert(!Loggable<Secret>);

TEST_CASE("an event is one JSON object with time, level, event, program and node") {
  CHECK(
      line({}) ==
      R"({"time":"2023-11-14T22:13:20.000042Z","level":"warn","event":"event","program":"sluice-dataplane","node":"node-1"})");
  CHECK(log_line(kNoon, Level::kError, "", "", "e", {}) ==
        R"({"time":"2023-11-14T22:13:20.000042Z","level":"error","event":"e"})");
}

TEST_CASE("every kind of value is encoded") {
  const std::string text = "text";
  const auto object = boost::json::parse(line({{"a", text},
                                               {"b", "literal"},
                                               {"c", -1},
                                               {"d", UINT64_MAX},
                                               {"e", 0.25},
                                               {"f", true},
                                               {"g", std::size_t{7}},
                                               {"h", std::numeric_limits<double>::infinity()}}));
  CHECK(object.at("a") == "text");
  CHECK(object.at("b") == "literal");
  CHECK(object.at("c").as_int64() == -1);
  CHECK(object.at("d").as_uint64() == UINT64_MAX);
  CHECK(object.at("e").as_double() == 0.25);
  CHECK(object.at("f").as_bool());
  CHECK(object.at("g").as_int64() == 7);
  CHECK(object.at("h").is_null());
}

TEST_CASE("no value can forge a line or a field") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += static_cast<char>(byte);
  for (const std::string& hostile : {std::string("a\n{\"level\":\"info\"}"), std::string("\",\"level\":\"info"),
                                     std::string("\x1b[31m\r\b"), std::string("\0x", 2), all}) {
    const std::string written = line({{"value", hostile}}, hostile);
    for (const char c : written)
      REQUIRE(static_cast<unsigned char>(c) >= 0x20);
    const auto object = boost::json::parse(written);
    CHECK(object.as_object().size() == 6);
    CHECK(object.at("level") == "warn");
    CHECK(std::string_view(object.at("value").as_string()) == valid_utf8(hostile));
  }
}

TEST_CASE("bytes that are no UTF-8 are replaced, others are kept") {
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(valid_utf8(good) == good);
  }
  const std::string kReplaced = "\xEF\xBF\xBD";
  CHECK(valid_utf8("a\xff") == "a" + kReplaced);
  CHECK(valid_utf8("\xc3") == kReplaced);
  CHECK(valid_utf8("\xc3(") == kReplaced + "(");
  CHECK(valid_utf8("\xc0\xaf") == kReplaced + kReplaced);                  // overlong
  CHECK(valid_utf8("\xed\xa0\x80") == kReplaced + kReplaced + kReplaced);  // surrogate
  CHECK(valid_utf8("\xf4\x90\x80\x80") == kReplaced + kReplaced + kReplaced + kReplaced);
}

TEST_CASE("keys and bearer tokens are cut out of texts") {
  CHECK(redact("key sk-abcdefgh12345678 refused") == "key sk-[redacted] refused");
  CHECK(redact("sk-ant-api03-AAAA_bbbb-cc") == "sk-[redacted]");
  CHECK(redact("x-api-key:sk-abcdefgh,next") == "x-api-key:sk-[redacted],next");
  CHECK(redact("Authorization: Bearer abc.def-123_~+/==\r\nx") == "Authorization: Bearer [redacted]\r\nx");
  CHECK(redact("BEARER  sk-abcdefgh") == "BEARER  [redacted]");
  CHECK(redact("sk-aaaaaaaa sk-bbbbbbbb") == "sk-[redacted] sk-[redacted]");
  CHECK(boost::json::parse(line({{"cause", "got sk-abcdefgh12345678"}})).at("cause") == "got sk-[redacted]");
}

TEST_CASE("ordinary texts are not redacted") {
  for (const char* text : {"", "task-management-of-things", "sk-", "sk-short", "the bearer of news", "bearer",
                           "asked for disk-space", "Bearer token"}) {
    CHECK(redact(text) == text);
  }
}

TEST_CASE("events go to the file, one per line, from their level on") {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-log-XXXXXX").string();
  const int fd = ::mkstemp(pattern.data());
  REQUIRE(fd >= 0);
  ::close(fd);
  CHECK_FALSE(start_logging({.level = Level::kError, .path = "/dev/null/log", .program = {}, .node = {}}));
  CHECK(enabled(Level::kInfo));
  REQUIRE(start_logging({.level = Level::kWarn, .path = pattern, .program = "p", .node = "n"}));
  log(Level::kInfo, "dropped");
  log(Level::kWarn, "kept", {{"count", 1}});
  log(Level::kError, "percent_%s_{}", {{"text", "{} %s"}});
  CHECK_FALSE(enabled(Level::kInfo));

  std::ifstream file(pattern);
  std::vector<boost::json::value> events;
  for (std::string text; std::getline(file, text);)
    events.push_back(boost::json::parse(text));
  std::filesystem::remove(pattern);
  REQUIRE(events.size() == 2);
  CHECK(events[0].at("event") == "kept");
  CHECK(events[0].at("count").as_int64() == 1);
  CHECK(events[1].at("event") == "percent_%s_{}");
  CHECK(events[1].at("text") == "{} %s");
}

}  // namespace
}  // namespace sluice::observe
