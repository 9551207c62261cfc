// Reading manifests: what is accepted, and what is refused with its line.
#include "controlplane/sluicectl/manifest.h"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace sluice::sluicectl {

namespace {

const api::Schema& schema() {
  static const api::Schema all;
  return all;
}

class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("manifest-" + std::to_string(getpid()) + ".yaml")) {
    std::ofstream(path_) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  [[nodiscard]] Result<Manifest> load() const { return load_manifest(schema(), path_); }
  // Every problem without the file's name: "3: ...".
  [[nodiscard]] std::string problems() const {
    const Result<Manifest> loaded = load();
    if (loaded) return "";
    CHECK(loaded.error().code == ErrorCode::kInvalidArgument);
    std::string all = loaded.error().message;
    const std::string name = path_.string() + ":";
    for (std::size_t at = 0; (at = all.find(name)) != std::string::npos;)
      all.erase(at, name.size());
    return all;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a manifest becomes messages of the API, in the order of their dependence") {
  const File file(R"(
keys:
  - {user: u@x.test, group: g, name: k, secret: {from_env: K}}
groups:
  - name: g
    status: disabled
    multiplier: 1.50
---
groups:
  - name: h
)");
  const auto manifest = file.load();
  REQUIRE(manifest);
  REQUIRE(manifest->items.size() == 3);
  CHECK(boost::json::serialize(manifest->items[0].wanted) ==
        R"({"name":"g","status":"GROUP_STATUS_DISABLED","multiplier":"1.50"})");
  CHECK(manifest->items[0].reference() == "@groups/g");
  CHECK(manifest->items[1].line == 10);
  CHECK(boost::json::serialize(manifest->items[2].wanted) ==
        R"({"user_id":"@users/u@x.test","group_id":"@groups/g","name":"k"})");
  REQUIRE(manifest->items[2].secret);
  CHECK(manifest->items[2].secret->place == "K");
}

TEST_CASE("every problem is told with its line") {
  CHECK(File("groups:\n  - name: g\n    multiplyer: 2\n").problems() ==
        "3: groups[0].multiplyer: there is no such field; did you mean multiplier?");
  CHECK(File("users:\n  - email: a@x.test\n    concurrency: many\n").problems() ==
        "3: users[0].concurrency: must be a whole number");
  CHECK(File("users:\n  - email: a@x.test\n    concurrency: 3000000000\n").problems() ==
        "3: users[0].concurrency: must be a whole number");
  CHECK(File("groups:\n  - name: g\n    status: off\n").problems() ==
        "3: groups[0].status: must be one of active, disabled");
  CHECK(File("groups:\n  - multiplier: 2\n").problems() == "2: groups[0]: needs name");
  CHECK(File("keys:\n  - name: k\n").problems() == "2: api_keys[0]: needs user");
  CHECK(File("groups:\n  - {name: g}\n  - {name: g}\n").problems().ends_with("groups[1]: is there twice, first at 2"));
  CHECK(File("groups:\n  - {name: g, id: 1}\n").problems() == "2: groups[0].id: is set by the server: leave it out");
  CHECK(File("groups: {name: g}\n").problems() == "1: groups: must be a list");
  CHECK(File("groups:\n  - g\n").problems() == "2: groups[0]: must be a mapping of fields");
  CHECK(File("accounts:\n  - name: a\n    groups: g\n").problems() ==
        "3: accounts[0].groups: must be a list of names of groups");
  CHECK(File("accounts:\n  - name: a\n    pause_rules:\n      - minutes: x\n").problems() ==
        "4: accounts[0].pause_rules[0].minutes: must be a whole number");
  CHECK(File("prices:\n  - model: m\n    effective_at: 2026-01-01\n").problems() ==
        "3: prices[0].effective_at: must be a moment in UTC, such as 2027-01-31T00:00:00Z\n"
        "2: prices[0]: needs effective_at");
  CHECK(File("gruops: []\n").problems().starts_with("1: gruops: no such kind; there are: egress_proxies, groups,"));
  CHECK(File("groups:\n  - name: [\n").problems().starts_with("3: "));
  CHECK(File("- groups\n").problems() == "1: must be a mapping of kinds");
}

TEST_CASE("all problems are told at once") {
  const std::string all = File("groups:\n  - {name: g, colour: red}\n  - {name: h, status: off}\n").problems();
  CHECK(std::count(all.begin(), all.end(), '\n') == 1);
}

TEST_CASE("secrets are named, never written into the file, and never repeated") {
  const std::string plain = File("accounts:\n  - name: a\n    credential: sk-very-secret\n").problems();
  CHECK(
      plain ==
      "3: accounts[0].credential: must be {from_env: NAME} or {from_file: PATH}: secrets do not belong into this file");
  CHECK(File("proxies:\n  - name: p\n    password: hunter2\n").problems().find("hunter2") == std::string::npos);
  CHECK(File("accounts:\n  - {name: a, credential: {from_env: A, kind: magic}}\n").problems() ==
        "2: accounts[0].credential.kind: must be one of api_key, access_token");
  CHECK(
      File("accounts:\n  - {name: a, credential: {to_file: A}}\n").problems().find("to_file: there is no such field") !=
      std::string::npos);
}

TEST_CASE("a manifest that is not there is an error") {
  const auto loaded = load_manifest(schema(), "/nonexistent/manifest.yaml");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message == "/nonexistent/manifest.yaml:1: cannot be read");
}

}  // namespace sluice::sluicectl
