// A call with an idempotency key is done once, also where the same call comes many times at once.
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace {

Headers key_header(const std::string& key) {
  return {{"idempotency-key", key}};
}

std::string count_of(const ControlPlane& plane, const std::string& name) {
  return PostgresServer::shared().run(plane.database(), "SELECT count(*) FROM groups WHERE name = '" + name + "'");
}

}  // namespace

TEST_CASE("the same call with the same key is done once, and answered alike") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string name = unique("once");
  const std::string body = R"({"group": {"name": ")" + name + R"("}})";
  const Headers key = key_header(unique("key"));
  const HttpAnswer first = plane.http("POST", "/admin/v1/groups", body, plane.token(), key);
  REQUIRE(first.status == 200);
  const HttpAnswer again = plane.http("POST", "/admin/v1/groups", body, plane.token(), key);
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(count_of(plane, name) == "1");
  const HttpAnswer other =
      plane.http("POST", "/admin/v1/groups", R"({"group": {"name": "another"}})", plane.token(), key);
  CHECK(other.status == 400);
  CHECK(text_at(other.json(), "detail").find("another request") != std::string::npos);
}

TEST_CASE("many calls with one key at once make one object") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string name = unique("race");
  const std::string body = R"({"group": {"name": ")" + name + R"("}})";
  const Headers key = key_header(unique("key"));
  std::vector<HttpAnswer> answers(8);
  {
    std::vector<std::jthread> callers;
    for (HttpAnswer& answer : answers)
      callers.emplace_back([&] { answer = plane.http("POST", "/admin/v1/groups", body, plane.token(), key); });
  }
  std::set<std::string> bodies;
  for (const HttpAnswer& answer : answers) {
    CHECK(answer.status == 200);
    bodies.insert(answer.body);
  }
  CHECK(bodies.size() == 1);
  CHECK(count_of(plane, name) == "1");
}

TEST_CASE("a call that failed leaves its key free") {
  const ControlPlane& plane = ControlPlane::shared();
  const Headers key = key_header(unique("key"));
  CHECK(plane.http("POST", "/admin/v1/groups", R"({"group": {}})", plane.token(), key).status == 400);
  const std::string body = R"({"group": {"name": ")" + unique("late") + R"("}})";
  CHECK(plane.http("POST", "/admin/v1/groups", body, plane.token(), key).status == 200);
}

TEST_CASE("keys of two callers are two keys; what is shown once is shown again, and nowhere in clear") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string user = make_user(plane, "USER_ROLE_ADMIN");
  const auto token = plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + user + R"("}})");
  const std::string body = R"({"apiKey": {"userId": ")" + user + R"(", "groupId": ")" + make_group(plane) + R"("}})";
  const Headers key = key_header(unique("key"));
  const HttpAnswer mine = plane.http("POST", "/admin/v1/api-keys", body, plane.token(), key);
  const HttpAnswer theirs = plane.http("POST", "/admin/v1/api-keys", body, text_at(token, "secret"), key);
  REQUIRE(mine.status == 200);
  REQUIRE(theirs.status == 200);
  CHECK(text_at(mine.json(), "apiKey.id") != text_at(theirs.json(), "apiKey.id"));
  CHECK(plane.http("POST", "/admin/v1/api-keys", body, plane.token(), key).body == mine.body);
  const std::string stored = PostgresServer::shared().run(
      plane.database(), "SELECT string_agg(encode(sealed, 'escape') || key, ' ') FROM idempotency_keys");
  CHECK(stored.find(text_at(mine.json(), "secret")) == std::string::npos);
}

TEST_CASE("a key that means nothing is refused") {
  const ControlPlane& plane = ControlPlane::shared();
  CHECK(plane.http("GET", "/admin/v1/groups", "", plane.token(), key_header("k")).status == 400);
  CHECK(plane.http("POST", "/admin/v1/oauth-tiers/refresh", "{}", plane.token(), key_header("k")).status == 400);
  const std::string body = R"({"group": {"name": ")" + unique("long") + R"("}})";
  CHECK(plane.http("POST", "/admin/v1/groups", body, plane.token(), key_header(std::string(256, 'k'))).status == 400);
}

}  // namespace sluice::testing
