// Secrets go in and never come out: not in an answer, an audit row, another table or the log.
#include <catch2/catch.hpp>

#include "controlplane/api/route_table.h"
#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

TEST_CASE("no secret is in any answer, audit row, table or log") {
  const ControlPlane& plane = ControlPlane::shared();
  PostgresServer& postgres = PostgresServer::shared();
  const std::string user = make_user(plane, "USER_ROLE_ADMIN");
  const std::string group = make_group(plane);
  const std::string first = unique("first-upstream-secret");
  const std::string second = unique("second-upstream-secret");

  const auto account =
      plane.ok("POST", "/admin/v1/accounts",
               R"({"account": {"name": "s", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9", "groupIds": [")" +
                   group + R"("]}, "credential": {"secret": ")" + first + R"("}})");
  const std::string account_path = "/admin/v1/accounts/" + text_at(account, "account.id");
  CHECK(account.at("account").at("hasCredential") == true);
  const auto set = plane.ok("PUT", account_path + "/credential", R"({"secret": ")" + second + R"("})");
  CHECK(set.at("account").at("hasCredential") == true);

  const auto key = plane.ok("POST", "/admin/v1/api-keys",
                            R"({"apiKey": {"userId": ")" + user + R"(", "groupId": ")" + group + R"("}})");
  const auto token = plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + user + R"("}})");
  const std::string api_key = text_at(key, "secret");
  const std::string admin_token = text_at(token, "secret");
  REQUIRE(api_key.starts_with("sk-"));
  REQUIRE(text_at(key, "apiKey.last4") == api_key.substr(api_key.size() - 4));

  const std::string proxy_password = unique("proxy-password");
  const auto proxy =
      plane.ok("POST", "/admin/v1/egress-proxies",
               R"({"egressProxy": {"name": "p", "url": "http://proxy:1", "username": "u", "password": ")" +
                   proxy_password + R"("}})");
  CHECK(proxy.at("egressProxy").at("hasPassword") == true);

  const std::vector<std::string> secrets{first, second, proxy_password, api_key, admin_token, plane.token()};
  const auto check = [&secrets](const std::string& where, const std::string& text) {
    for (std::size_t i = 0; i < secrets.size(); ++i) {
      INFO("secret " << i << " in " << where);
      CHECK(text.find(secrets[i]) == std::string::npos);
    }
  };
  (void)plane.http("GET", "/admin/v1/users", "", admin_token);
  check("the account", plane.http("GET", account_path).body + plane.http("PATCH", account_path, "{}").body);
  for (const char* list : {"users", "groups", "accounts", "api-keys", "prices", "nodes", "usage-events", "admin-tokens",
                           "settings", "ledger-check", "egress-proxies"}) {
    check(list, plane.http("GET", std::string("/admin/v1/") + list).body);
  }
  for (const char* table :
       {"audit_log", "accounts", "account_credentials", "egress_proxies", "api_keys", "admin_tokens", "change_log"}) {
    const std::string text = postgres.run(
        plane.database(), std::string("SELECT coalesce(string_agg(t::text, ' '), '') FROM ") + table + " t");
    CHECK_FALSE(text.empty());
    check(table, text);
    const std::string bytes = postgres.run(
        plane.database(),
        std::string("SELECT coalesce(string_agg(encode(convert_to(t::text, 'UTF8'), 'escape'), ' '), '') FROM ") +
            table + " t");
    check(table, bytes);
  }
  // bytea columns print as hex: look for the secret's bytes too.
  for (const std::string& secret : secrets) {
    const std::string found = postgres.run(
        plane.database(), "SELECT (SELECT count(*) FROM account_credentials WHERE position('" + secret +
                              "'::bytea in sealed) > 0) + (SELECT count(*) FROM api_keys WHERE position('" + secret +
                              "'::bytea in key_hmac) > 0)");
    CHECK(found == "0");
  }
  check("the log", plane.log_text());
  // A refused credential is not repeated in the refusal.
  const std::string bad = unique("bad secret with spaces");
  const HttpAnswer refused = plane.http("PUT", account_path + "/credential", R"({"secret": ")" + bad + R"("})");
  CHECK(refused.status == 400);
  CHECK(refused.body.find(bad) == std::string::npos);
}

TEST_CASE("every change leaves an audit row with its actor and request id") {
  const ControlPlane& plane = ControlPlane::shared();
  PostgresServer& postgres = PostgresServer::shared();
  const std::string request_id = unique("audit");
  const HttpAnswer made = plane.http("POST", "/admin/v1/groups", R"({"group": {"name": "audited"}})", plane.token(),
                                     {{"x-request-id", request_id}});
  REQUIRE(made.status == 200);
  const std::string id = text_at(made.json(), "group.id");
  (void)plane.ok("PATCH", "/admin/v1/groups/" + id, R"({"name": "renamed"})");
  (void)plane.ok("DELETE", "/admin/v1/groups/" + id);
  const auto column = [&](const std::string& what, const std::string& action) {
    return postgres.run(plane.database(), "SELECT " + what + " FROM audit_log WHERE object_id = '" + id +
                                              "' AND action = 'group." + action + "'");
  };
  CHECK(column("actor", "create") == "bootstrap");
  CHECK(column("request_id", "create") == request_id);
  CHECK(column("after->>'name'", "create") == "audited");
  CHECK(column("before->>'name'", "update") == "audited");
  CHECK(column("after->>'name'", "update") == "renamed");
  CHECK(column("before->>'name'", "delete") == "renamed");
}

TEST_CASE("a credential never follows its account to another host") {
  const ControlPlane& plane = ControlPlane::shared();
  const auto account = plane.ok("POST", "/admin/v1/accounts",
                                R"({"account": {"name": "s", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9"},
          "credential": {"secret": "bound-secret"}})");
  const std::string path = "/admin/v1/accounts/" + text_at(account, "account.id");
  CHECK(plane.ok("PATCH", path + "?updateMask=baseUrl", R"({"baseUrl": "http://127.0.0.1:9/prefix"})")
            .at("account")
            .at("hasCredential") == true);
  CHECK(plane.ok("PATCH", path + "?updateMask=baseUrl", R"({"baseUrl": "http://127.0.0.2:9"})")
            .at("account")
            .at("hasCredential") == false);
  for (const char* url : {"http://10.0.0.1", "https://169.254.169.254", "https://[::1]:1", "ftp://127.0.0.1",
                          "http://8.8.8.8", "https://user@8.8.8.8", "http://0x7f.1.1.1.1.1", "not a url"}) {
    INFO(url);
    const HttpAnswer refused =
        plane.http("PATCH", path + "?updateMask=baseUrl", std::string(R"({"baseUrl": ")") + url + R"("})");
    CHECK(refused.status == 400);
    CHECK(text_at(refused.json(), "detail").find("base_url") != std::string::npos);
  }
}

}  // namespace sluice::testing
