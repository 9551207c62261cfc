// A plan that is older than what it changes.
#include "controlplane/sluicectl/execute.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "controlplane/sluicectl/manifest.h"
#include "controlplane/sluicectl/plan.h"
#include "tests/integration/sluicectl/run.h"

namespace sluice::sluicectl {

using testing::ControlPlane;
using testing::Desk;

TEST_CASE("what was changed after the plan was made is not overwritten") {
  Desk desk;
  const ControlPlane& plane = desk.plane();
  const std::string name = testing::unique("stale");
  const std::string id =
      testing::text_at(plane.ok("POST", "/admin/v1/groups", R"({"group": {"name": ")" + name + R"("}})"), "group.id");
  const api::Schema schema;
  const auto client = Client::open(schema, {.endpoint = plane.grpc_address(), .token = Secret(plane.token())});
  REQUIRE(client);
  const std::string path = desk.file("m.yaml", "groups:\n  - {name: " + name + ", multiplier: '3'}\n");
  const auto manifest = load_manifest(schema, path);
  REQUIRE(manifest);
  const auto plan = make_plan(*client, *manifest, {});
  REQUIRE(plan);
  REQUIRE(plan->steps.size() == 1);

  (void)plane.ok("PATCH", "/admin/v1/groups/" + id, R"({"multiplier": "7"})");
  std::vector<std::string> said;
  const Outcome outcome = execute(*client, *plan, [&](const std::string& line) { said.push_back(line); });
  CHECK(outcome.done == 0);
  CHECK(said.empty());
  REQUIRE_FALSE(outcome.result);
  CHECK_THAT(outcome.result.error().message, Catch::StartsWith("group " + name + ": changed meanwhile"));
  CHECK(testing::text_at(plane.ok("GET", "/admin/v1/groups/" + id), "group.multiplier").starts_with("7"));
}

TEST_CASE("a deletion, too, is only of what was seen") {
  const ControlPlane plane;
  Desk desk(plane);
  const std::string id =
      testing::text_at(plane.ok("POST", "/admin/v1/groups", R"({"group": {"name": "g"}})"), "group.id");
  const api::Schema schema;
  const auto client = Client::open(schema, {.endpoint = plane.grpc_address(), .token = Secret(plane.token())});
  REQUIRE(client);
  const auto manifest = load_manifest(schema, desk.file("m.yaml", "groups: []\n"));
  REQUIRE(manifest);
  const auto plan = make_plan(*client, *manifest, {.prune = true});
  REQUIRE(plan);
  REQUIRE(plan->steps.size() == 1);
  (void)plane.ok("PATCH", "/admin/v1/groups/" + id, R"({"multiplier": "7"})");
  CHECK_FALSE(execute(*client, *plan, [](const std::string&) {}).result);
  CHECK(plane.http("GET", "/admin/v1/groups/" + id).status == 200);
}

}  // namespace sluice::sluicectl
