// Manifests against a real control plane.
#include <sys/stat.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/integration/sluicectl/run.h"

namespace sluice::testing {

using Catch::Contains;

namespace {

constexpr const char* kNothing = "Nothing to do: everything is as wished.\n";
constexpr const char* kSecret = "sk-secret-that-nobody-may-see";
const std::vector<std::string> kSecrets{"ANTHROPIC_KEY=" + std::string(kSecret),
                                        "PROXY_PASSWORD=" + std::string(kSecret)};

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// With an upstream whose name needs no resolver.
std::string example() {
  std::string text = read(std::filesystem::path(SLUICE_SOURCE_DIR) / "docs" / "sluicectl_example.yaml");
  const std::string_view vendor = "https://api.anthropic.com";
  return text.replace(text.find(vendor), vendor.size(), "https://127.0.0.1:9443");
}

}  // namespace

TEST_CASE("the example of the documentation is applied, and applying it again changes nothing") {
  const ControlPlane plane;
  Desk desk(plane);
  const std::string path = "example.yaml";
  (void)desk.file(path, example());
  const Ran plan = desk.run({"plan", "-f", path}, kSecrets);
  CHECK(plan.out == read(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/integration/sluicectl/example_plan.txt"));
  CHECK(plan.code == 0);
  CHECK_THAT(desk.run({"get", "groups"}).out, !Contains("example-team"));

  const Ran first = desk.run({"apply", "--yes", "-f", path}, kSecrets);
  INFO(first.out);
  REQUIRE(first.code == 0);
  const Ran second = desk.run({"apply", "--yes", "--prune", "-f", path}, kSecrets);
  CHECK(second.out == kNothing);
  CHECK(second.code == 0);

  const std::string key = read(desk.dir() / "example-key");
  REQUIRE(key.size() > 20);
  struct stat status{};
  REQUIRE(stat((desk.dir() / "example-key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  for (const std::string& out : {plan.out, first.out, second.out, desk.run({"get", "accounts", "-o", "json"}).out}) {
    CHECK_THAT(out, !Contains(kSecret) && !Contains(key.substr(0, key.size() - 1)));
  }
  const auto account = boost::json::parse(desk.run({"get", "account", "example-anthropic", "-o", "json"}).out);
  CHECK(account.at("has_credential").as_bool());
  const auto group = boost::json::parse(desk.run({"get", "group", "example-team", "-o", "json"}).out);
  CHECK(account.at("group_ids").as_array().at(0) == group.at("id"));
}

TEST_CASE("a plan shows each change, and --prune what would be deleted") {
  const ControlPlane plane;
  Desk desk(plane);
  REQUIRE(desk.run({"apply", "--yes", "-f", desk.file("a.yaml", R"(
groups:
  - {name: kept, multiplier: "1.0"}
  - {name: gone}
accounts:
  - {name: a, provider: anthropic, base_url: "https://127.0.0.1:9443", groups: [gone], priority: 1}
)")})
              .code == 0);
  const std::string next = desk.file("b.yaml", R"(
groups:
  - {name: kept, multiplier: "1"}
accounts:
  - {name: a, groups: [kept], priority: 7, status: disabled}
settings:
  waiting: {per_user: 33}
)");
  CHECK(desk.run({"diff", "-f", next, "--prune"}).out ==
        "~ account a\n"
        "    groups: [gone] -> [kept]\n"
        "    priority: 1 -> 7\n"
        "    status: active -> disabled\n"
        "~ settings\n"
        "    waiting.per_user: 0 -> 33\n"
        "- group gone\n"
        "Plan: 0 to create, 2 to update, 1 to delete.\n");
  const Ran done = desk.run({"apply", "--yes", "--prune", "-f", next});
  INFO(done.out);
  CHECK(done.code == 0);
  CHECK(desk.run({"plan", "--prune", "-f", next}).out == kNothing);
  CHECK(desk.run({"get", "group", "gone"}).code == 1);
}

TEST_CASE("nobody is asked where nobody is") {
  Desk desk;
  const std::string name = unique("asked");
  const Ran ran =
      desk.shell("\"$CTL\" apply -f " + desk.file("a.yaml", "groups: [{name: " + name + "}]\n") + " </dev/null",
                 {"SLUICE_ENDPOINT=" + desk.plane().grpc_address(), "SLUICE_TOKEN=" + desk.plane().token()});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.out, Contains("say --yes"));
  CHECK(desk.run({"get", "group", name}).code == 1);
}

TEST_CASE("a folder is one manifest, and its references may cross files") {
  Desk desk;
  const std::string group = unique("folder");
  std::filesystem::create_directory(desk.dir() / "all");
  (void)desk.file("all/1.yaml", "accounts: [{name: " + group +
                                    "-a, provider: anthropic, base_url: 'https://127.0.0.1:9443', groups: [" + group +
                                    "]}]\n");
  (void)desk.file("all/2.yml", "groups: [{name: " + group + "}]\n");
  const Ran ran = desk.run({"apply", "--yes", "-f", "all"});
  CHECK(ran.out.find("created group " + group) < ran.out.find("created account " + group + "-a"));
  CHECK(ran.code == 0);
}

TEST_CASE("a reference that leads nowhere is an error with its line, and nothing is done") {
  Desk desk;
  const std::string name = unique("lost");
  const std::string path =
      desk.file("a.yaml", "groups:\n  - name: " + name +
                              "\naccounts:\n  - name: x\n    provider: anthropic\n    groups: [nowhere]\n");
  const Ran ran = desk.run({"apply", "--yes", "-f", path});
  CHECK(ran.code == 2);
  CHECK(ran.out == "sluicectl: " + path +
                       ":4: groups/nowhere: there is none of that name, neither on the server nor in the manifest\n");
  CHECK(desk.run({"get", "group", name}).code == 1);
}

TEST_CASE("a name that several have is no reference") {
  Desk desk;
  const std::string name = unique("double");
  for (int i = 0; i < 2; ++i)
    REQUIRE(desk.run({"create", "group", "-f", desk.file("g.json", R"({"name": ")" + name + R"("})")}).code == 0);
  const std::string account = "accounts: [{name: " + name + ", provider: anthropic, base_url: 'https://127.0.0.1:9443'";
  const Ran ran = desk.run({"plan", "-f", desk.file("a.yaml", account + ", groups: [" + name + "]}]\n")});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.out, Contains(":1: groups/" + name + ": the server has several of that name"));
  const Ran same = desk.run({"plan", "-f", desk.file("b.yaml", "groups: [{name: " + name + "}]\n")});
  CHECK(same.code == 2);
  CHECK_THAT(same.out, Contains("the server has 2 of that name"));
}

TEST_CASE("an e-mail is the same in either case") {
  Desk desk;
  const std::string name = unique("case");
  const std::string user = "users: [{email: " + name + "@example.test, display_name: U}]\n";
  CHECK(desk.run({"apply", "--yes", "-f", desk.file("u.yaml", user)}).code == 0);
  std::string upper = name + "@example.test";
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const std::string key = "groups: [{name: " + name + "}]\nkeys: [{user: " + upper + ", group: " + name +
                          ", name: k, secret: {to_file: k}}]\n";
  const Ran ran = desk.run({"apply", "--yes", "-f", desk.file("k.yaml", key)});
  INFO(ran.out);
  CHECK(ran.code == 0);
  CHECK(desk.run({"plan", "-f", "k.yaml"}).out == kNothing);
}

TEST_CASE("a text that looks like a reference is a text") {
  Desk desk;
  const std::string mail = unique("u") + "@example.test";
  const std::string path = desk.file("u.yaml", "users: [{email: " + mail + ", display_name: '@groups/none'}]\n");
  CHECK(desk.run({"apply", "--yes", "-f", path}).code == 0);
  CHECK(desk.run({"plan", "-f", path}).out == kNothing);
}

TEST_CASE("what fails half-way is told, with what is left") {
  Desk desk;
  const std::string name = unique("half");
  const std::string path =
      desk.file("a.yaml", "groups: [{name: " + name + "}]\naccounts: [{name: " + name +
                              ", provider: anthropic, base_url: 'ftp://nonsense'}]\nprices: [{model: " + name +
                              ", provider: anthropic, effective_at: 2026-01-01T00:00:00Z, input: '1', output: '2'}]\n");
  const Ran ran = desk.run({"apply", "--yes", "-f", path});
  INFO(ran.out);
  CHECK(ran.code == 3);
  CHECK_THAT(ran.out, Contains("created group " + name) && Contains("sluicectl: account " + name + ": ") &&
                          Contains("Done: 1 of 3. Not done:\n  account " + name + "\n  price " + name));
  CHECK(desk.run({"get", "group", name}).code == 0);
  CHECK(desk.run({"get", "price", name}).code == 1);
}

TEST_CASE("a missing secret stops the account, not what came before") {
  Desk desk;
  const std::string name = unique("unset");
  const std::string path = desk.file(
      "a.yaml",
      "accounts: [{name: " + name +
          ", provider: anthropic, base_url: 'https://127.0.0.1:9443', credential: {from_env: NO_SUCH_VARIABLE}}]\n");
  const Ran ran = desk.run({"apply", "--yes", "-f", path});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.out, Contains("the environment variable NO_SUCH_VARIABLE is not set"));
  CHECK(desk.run({"get", "account", name}).code == 1);
}

}  // namespace sluice::testing
