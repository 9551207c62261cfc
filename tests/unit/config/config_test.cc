#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "common/config/document.h"

namespace sluice::config {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

Document parse(std::string_view yaml) {
  Result<Document> parsed = Document::parse(yaml, "test.yaml", "/etc/sluice");
  INFO((parsed ? "" : parsed.error().message));
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

std::string problems(const Document& document) {
  const Result<> checked = document.finish();
  if (checked) return "";
  CHECK(checked.error().code == ErrorCode::kInvalidArgument);
  return checked.error().message;
}

TEST_CASE("values of every kind are read") {
  Document file = parse(R"(
name: gateway
quoted: "a: b"
mode: fast
on: true
count: -3
time: 250ms
size: 32MiB
listen: "[::1]:8080"
relative: data/journal
absolute: /var/lib/sluice
list: [a, "b c"]
redis:
  url: unix:/run/redis.sock
  deep:
    time: 10s
keys:
  - version: 1
    path: k1
  - version: 2
    path: k2
)");
  Section root = file.root();
  CHECK(root.text("name", "x") == "gateway");
  CHECK(root.required_text("quoted") == "a: b");
  CHECK(root.choice("mode", "slow", {"slow", "fast"}) == "fast");
  CHECK(root.boolean("on", false));
  CHECK(root.integer("count", 0) == -3);
  CHECK(root.duration("time", 1s) == 250ms);
  CHECK(root.size("size", 1) == 32U * 1024 * 1024);
  const HostPort listen = root.host_port("listen", "127.0.0.1:1");
  CHECK(listen.host == "::1");
  CHECK(listen.port == 8080);
  CHECK(root.path("relative", "") == "/etc/sluice/data/journal");
  CHECK(root.required_path("absolute") == "/var/lib/sluice");
  CHECK(root.text_list("list", {}) == std::vector<std::string>{"a", "b c"});
  Section redis = root.section("redis");
  CHECK(redis.text("url", "") == "unix:/run/redis.sock");
  CHECK(redis.section("deep").duration("time", 1s) == 10s);
  std::vector<Section> keys = root.section_list("keys");
  REQUIRE(keys.size() == 2);
  CHECK(keys[1].integer("version", 0) == 2);
  CHECK(keys[1].path("path", "") == "/etc/sluice/k2");
  CHECK(keys[0].integer("version", 0) == 1);
  CHECK(keys[0].required_path("path") == "/etc/sluice/k1");
  CHECK(problems(file).empty());
}

TEST_CASE("an empty file gives all defaults") {
  Document file = parse("# nothing\n");
  Section root = file.root();
  CHECK(root.text("a", "x") == "x");
  CHECK(root.choice("b", "y", {"y"}) == "y");
  CHECK(root.boolean("c", true));
  CHECK(root.integer("d", 5) == 5);
  CHECK(root.duration("e", 1s) == 1s);
  CHECK(root.size("f", 7) == 7);
  CHECK(root.host_port("g", "0.0.0.0:80").port == 80);
  CHECK(root.path("h", "/x") == "/x");
  CHECK(root.path("i", "").empty());
  CHECK(root.text_list("j", {"z"}) == std::vector<std::string>{"z"});
  CHECK(root.section("k").section("l").integer("m", 9) == 9);
  CHECK(root.section_list("n").empty());
  CHECK_FALSE(root.has("a"));
  CHECK(problems(file).empty());
}

TEST_CASE("a present but empty section has its defaults") {
  Document file = parse("redis:\n");
  CHECK(file.root().section("redis").integer("a", 3) == 3);
  CHECK(problems(file).empty());
}

TEST_CASE("wrong values name file, line, key, what was found and what is allowed") {
  Document file = parse("a: yes\nb: 11\nc: 10\nd: 3MB\ne: 80\nf: mid\ng: [1]\nh: 1\ni: x\nj: 2\nk: 1.5\n");
  Section root = file.root();
  CHECK(root.boolean("a", true));
  CHECK(root.integer("b", 5, {.min = 1, .max = 10}) == 5);
  CHECK(root.duration("c", 2s, {.min = 1ms, .max = 90s}) == 2s);
  CHECK(root.size("d", 4, {.min = 1024, .max = 1 << 30}) == 4);
  CHECK(root.host_port("e", "h:1").port == 0);
  CHECK(root.choice("f", "low", {"low", "high"}) == "low");
  CHECK(root.text("g", "fallback") == "fallback");
  CHECK(root.text_list("h", {"l"}) == std::vector<std::string>{"l"});
  CHECK(root.section("i").integer("x", 1) == 1);
  CHECK(root.section_list("j").empty());
  CHECK(root.integer("k", 8) == 8);
  CHECK(problems(file) ==
        "test.yaml:1: a: found \"yes\"; allowed: true or false\n"
        "test.yaml:2: b: found \"11\"; allowed: a whole number from 1 to 10\n"
        "test.yaml:3: c: found \"10\"; allowed: a time from 1ms to 90s, with a unit (ms, s, m, h, d)\n"
        "test.yaml:4: d: found \"3MB\"; allowed: a size from 1KiB to 1GiB, with a unit (B, KiB, MiB, GiB)\n"
        "test.yaml:5: e: found \"80\"; allowed: host:port, such as 127.0.0.1:8080, [::1]:8080 or name:8080\n"
        "test.yaml:6: f: found \"mid\"; allowed: one of low, high\n"
        "test.yaml:7: g: found a list; allowed: a text\n"
        "test.yaml:8: h: allowed: a list of texts\n"
        "test.yaml:9: i: allowed: a mapping of further keys\n"
        "test.yaml:10: j: allowed: a list of mappings\n"
        "test.yaml:11: k: found \"1.5\"; allowed: a whole number");
}

TEST_CASE("missing and empty required keys are problems") {
  Document file = parse("one:\n  b: \"\"\n  c:\n");
  Section one = file.root().section("one");
  CHECK(one.required_text("a").empty());
  CHECK(one.required_text("b").empty());
  CHECK(one.required_text("c").empty());
  CHECK(one.required_path("d").empty());
  CHECK(problems(file) ==
        "test.yaml:1: one.a: is required: a text\n"
        "test.yaml:1: one.d: is required: a path\n"
        "test.yaml:2: one.b: must not be empty\n"
        "test.yaml:3: one.c: found nothing; allowed: a text");
}

TEST_CASE("unknown keys are refused with the allowed ones and the nearest spelling") {
  Document file = parse("listne: x\nredis:\n  comand_time: 1s\n  zzz: 1\nextra:\n  deep: 1\n");
  Section root = file.root();
  CHECK(root.text("listen", "d") == "d");
  CHECK(root.section("redis").duration("command_time", 2s) == 2s);
  CHECK(problems(file) ==
        "test.yaml:1: listne: unknown key, did you mean \"listen\"?; allowed here: listen, redis\n"
        "test.yaml:3: redis.comand_time: unknown key, did you mean \"command_time\"?; allowed here: command_time\n"
        "test.yaml:4: redis.zzz: unknown key; allowed here: command_time\n"
        "test.yaml:5: extra: unknown key; allowed here: listen, redis");
}

TEST_CASE("repeated keys are problems") {
  Document file = parse("a: 1\na: 2\n");
  CHECK(file.root().integer("a", 0) == 1);
  CHECK(problems(file) == "test.yaml:2: a: the key is given twice");
}

TEST_CASE("a program can add its own problems") {
  Document file = parse("s:\n  from: 5\n  to: 3\n");
  Section s = file.root().section("s");
  if (s.integer("from", 0) > s.integer("to", 0)) s.problem("to", "must not be below s.from");
  CHECK(problems(file) == "test.yaml:3: s.to: must not be below s.from");
}

TEST_CASE("what is no YAML mapping is refused with its place") {
  const auto broken = Document::parse("a: 1\nb: [1, 2\n", "test.yaml");
  REQUIRE_FALSE(broken.has_value());
  CHECK_THAT(broken.error().message, Contains("test.yaml:3:"));
  const auto list = Document::parse("- a\n- b\n", "test.yaml");
  REQUIRE_FALSE(list.has_value());
  CHECK_THAT(list.error().message, Contains("must be a mapping"));
}

TEST_CASE("a file is loaded; a missing one and a folder are errors that name it") {
  std::string folder = (std::filesystem::temp_directory_path() / "sluice-config-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::filesystem::path path = std::filesystem::path(folder) / "c.yaml";
  std::ofstream(path) << "file: x\n";
  auto loaded = Document::load(path);
  REQUIRE(loaded.has_value());
  CHECK(loaded->root().path("file", "") == std::filesystem::path(folder) / "x");
  for (const std::string& wrong : {folder, path.string() + ".none"}) {
    const auto failed = Document::load(wrong);
    REQUIRE_FALSE(failed.has_value());
    CHECK_THAT(failed.error().message, Contains(wrong));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sluice::config
