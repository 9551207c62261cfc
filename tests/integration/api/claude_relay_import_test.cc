// An export of claude-relay-service, brought into a running control plane.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace json = boost::json;

TEST_CASE("an import from claude-relay-service makes accounts and proxies once, and shows no secret") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string group =
      text_at(plane.ok("POST", "/admin/v1/groups", R"({"group":{"name":"from a relay"}})").at("group"), "id");
  const json::object account{{"name", "relayed"},
                             {"isActive", true},
                             {"schedulable", true},
                             {"priority", 3},
                             {"proxy",
                              {{"protocol", "socks5"},
                               {"host", "192.0.2.7"},
                               {"port", 1080},
                               {"username", "u"},
                               {"password", "proxy-secret"}}},
                             {"credentials", {{"api_key", "account-secret"}, {"base_url", "http://127.0.0.1:9/v1"}}}};
  const json::object exported{{"success", true}, {"data", {{"claudeConsoleAccounts", json::array{account}}}}};
  const std::string body = json::serialize(
      json::object{{"exportJson", json::serialize(exported)}, {"groupNames", json::array{"from a relay"}}});

  const auto dry =
      plane.http("POST", "/admin/v1/claude-relay-imports", body, plane.token(), {{"x-sluice-dry-run", "true"}});
  REQUIRE(dry.status == 200);
  CHECK(dry.json().at("accounts").at(0).at("action") == "create");
  CHECK(plane.ok("GET", "/admin/v1/accounts?query=relayed").at("accounts").as_array().empty());

  const json::value done = plane.ok("POST", "/admin/v1/claude-relay-imports", body);
  CHECK(json::serialize(done).find("secret") == std::string::npos);
  CHECK(done.at("egressProxies").at(0) == "socks5h://192.0.2.7:1080 as u");
  const json::value made =
      plane.ok("GET", "/admin/v1/accounts?query=relayed&tag=claude-relay-service").at("accounts").at(0);
  CHECK(made.at("hasCredential") == true);
  CHECK(made.at("groupIds").at(0) == json::string(group));
  CHECK(made.at("egressProxyIds").as_array().size() == 1);
  CHECK(made.at("baseUrl") == "http://127.0.0.1:9");

  const json::value again = plane.ok("POST", "/admin/v1/claude-relay-imports", body);
  CHECK(again.at("accounts").at(0).at("action") == "conflict");
  CHECK(again.at("egressProxies").as_array().empty());
  CHECK(plane.http("POST", "/admin/v1/claude-relay-imports", R"({"exportJson":"{}"})").status == 400);
}

}  // namespace sluice::testing
