// Showing and changing single objects.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/sluicectl/run.h"

namespace sluice::testing {

using Catch::Contains;

TEST_CASE("objects are shown as table, JSON and YAML, by name and by id, over all pages") {
  Desk desk;
  const std::string name = unique("shown");
  const Ran made = desk.run({"create", "group", "-f", desk.file("g.json", R"({"name": ")" + name + R"("})")});
  INFO(made.out);
  REQUIRE(made.code == 0);
  const std::string id = text_at(boost::json::parse(made.out), "group.id");

  const Ran table = desk.run({"get", "groups", name});
  CHECK_THAT(table.out, Contains("ID") && Contains("NAME") && Contains(id) && Contains(name) && Contains("active"));
  CHECK(text_at(boost::json::parse(desk.run({"get", "group", id, "-o", "json"}).out), "name") == name);
  CHECK_THAT(desk.run({"get", "groups", name, "-o", "yaml"}).out, Contains("name: \"" + name + "\""));
  CHECK_THAT(desk.run({"get", "settings"}).out, Contains("billing_time_zone"));

  const Ran limited = desk.run({"get", "groups", "--limit", "1", "-o", "json"});
  CHECK(boost::json::parse(limited.out).as_array().size() == 1);
}

TEST_CASE("pages are followed to the end") {
  const ControlPlane plane;
  Desk desk(plane);
  std::string manifest = "groups:\n";
  for (int i = 0; i < 501; ++i)
    manifest += "  - name: g" + std::to_string(i) + "\n";
  REQUIRE(desk.run({"apply", "--yes", "-f", desk.file("many.yaml", manifest)}).code == 0);
  CHECK(boost::json::parse(desk.run({"get", "groups", "-o", "json"}).out).as_array().size() == 501);
}

TEST_CASE("every kind can be listed, and none is confused by the words of another") {
  Desk desk;
  const std::string user = make_user(desk.plane());
  for (const char* kind : {"users", "groups", "accounts", "keys", "prices", "nodes", "subscriptions", "plans",
                           "proxies", "jobs", "usage", "tokens", "audit", "checks", "oauth-clients", "oauth-grants"}) {
    const Ran ran = desk.run({"get", kind, "--limit", "3"});
    INFO(kind << ": " << ran.out);
    CHECK(ran.code == 0);
  }
  CHECK(desk.run({"get", "keys", "--filter", "user_id=" + user}).code == 0);
  CHECK_THAT(desk.run({"jobs"}).out, Contains("LAST_OUTCOME"));
}

TEST_CASE("objects are changed, switched off and on, and deleted") {
  Desk desk;
  const std::string name = unique("changed");
  REQUIRE(desk.run({"create", "group", "-f", desk.file("g.json", R"({"name": ")" + name + R"("})")}).code == 0);
  const Ran updated = desk.run({"update", "group", name, "-f", desk.file("u.json", R"({"multiplier": "2.5"})")});
  INFO(updated.out);
  CHECK(updated.code == 0);
  CHECK(desk.run({"disable", "group", name}).code == 0);
  const auto group = boost::json::parse(desk.run({"get", "group", name, "-o", "json"}).out);
  CHECK(text_at(group, "multiplier").starts_with("2.5"));
  CHECK(text_at(group, "status") == "GROUP_STATUS_DISABLED");
  CHECK(desk.run({"enable", "group", name}).code == 0);
  CHECK(desk.run({"delete", "group", name}).code == 0);
  CHECK(desk.run({"get", "group", name}).code == 1);
  CHECK(desk.run({"drain", "node", "no-such-node"}).code == 1);
}

TEST_CASE("an account that does not work is shown to fail") {
  Desk desk;
  const std::string name = unique("tested");
  const std::string manifest = "accounts: [{name: " + name +
                               ", provider: anthropic, base_url: 'http://127.0.0.1:1', models: [m], credential: "
                               "{from_env: KEY}}]\n";
  REQUIRE(desk.run({"apply", "--yes", "-f", desk.file("a.yaml", manifest)}, {"KEY=sk-hidden"}).code == 0);
  const Ran ran = desk.run({"test", "account", name, "--model", "m"});
  INFO(ran.out);
  CHECK(ran.code == 1);
  CHECK_THAT(ran.out, Contains(" ms  started ") && Contains(" ms  failed ") && Contains("cause: connect") &&
                          !Contains("sk-hidden"));
}

}  // namespace sluice::testing
