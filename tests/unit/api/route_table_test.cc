#include "controlplane/api/route_table.h"

#include <catch2/catch.hpp>
#include <set>

#include "controlplane/api/percent.h"

namespace sluice::api {

TEST_CASE("every method of the admin API has a route of its own") {
  const Schema schema;
  const RouteTable table(schema);
  std::set<std::string> routed;
  std::set<std::string> paths;
  for (const Route& route : table.routes()) {
    routed.insert(route.rpc_name);
    // Where providers' redirects lead is the one path that needs no token.
    CHECK((route.path.starts_with("/admin/v1/") || route.path.starts_with("/auth/v1/") ||
           route.path == "/oauth/callback"));
    CHECK(paths.insert(route.http_method + " " + route.path).second);
  }
  const auto names = schema.rpc_names();
  CHECK(routed == std::set<std::string>(names.begin(), names.end()));
  CHECK(names.size() >= 30);
}

TEST_CASE("paths are matched segment by segment") {
  const Schema schema;
  const RouteTable table(schema);

  const RouteMatch get = table.match("GET", "/admin/v1/users/a%20b%2Fc");
  REQUIRE(get.route != nullptr);
  CHECK(get.route->rpc_name == "/sluice.admin.v1.UserService/GetUser");
  REQUIRE(get.variables.size() == 1);
  CHECK(get.variables[0].second == "a b/c");

  const RouteMatch patch = table.match("PATCH", "/admin/v1/users/7");
  REQUIRE(patch.route != nullptr);
  CHECK(patch.variables == Variables{{"user.id", "7"}});
  CHECK(table.match("HEAD", "/admin/v1/users").route == table.match("GET", "/admin/v1/users").route);
}

TEST_CASE("a path that is there allows only its methods") {
  const Schema schema;
  const RouteTable table(schema);
  const RouteMatch wrong = table.match("PUT", "/admin/v1/users");
  CHECK(wrong.route == nullptr);
  CHECK(wrong.allow == "GET, POST");
}

TEST_CASE("what is no path of the API matches nothing") {
  const Schema schema;
  const RouteTable table(schema);
  for (const char* path : {"/", "/admin", "/admin/v1/users/", "/admin/v1/users//", "/admin/v1/user",
                           "/admin/v1/users/1/x", "/admin/v1/users/%zz", "/Admin/v1/users", "//admin/v1/users"}) {
    INFO(path);
    const RouteMatch match = table.match("GET", path);
    CHECK(match.route == nullptr);
    CHECK(match.allow.empty());
  }
}

TEST_CASE("queries are decoded") {
  const auto pairs = parse_query("a=1&b=x+y%26z&&flag&c=");
  REQUIRE(pairs);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(*pairs == Pairs{{"a", "1"}, {"b", "x y&z"}, {"flag", ""}, {"c", ""}});
  CHECK_FALSE(parse_query("a=%4"));
  CHECK_FALSE(parse_query("a=%"));
  CHECK_FALSE(parse_query("%g0=1"));
  CHECK(percent_decode("%41+", false) == "A+");
}

}  // namespace sluice::api
