// OAuth clients and logins over the admin API of the real control plane.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/integration/api/control_plane.h"
#include "tests/integration/oauth/provider.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace {

std::string client_body(const Provider& provider, const std::string& more = {}) {
  return R"({"oauthClient": {"name": ")" + unique("client") + R"(", "clientId": "our-id", "clientSecret": "our-secret",
    "authorizeUrl": ")" +
         provider.url("/authorize") + R"(", "tokenUrl": ")" + provider.url("/token") +
         R"(", "redirectUrl": "http://127.0.0.1/oauth/callback", "scopes": ["a", "b"])" + more + "}}";
}

std::string make_account(const ControlPlane& plane, const Provider& provider) {
  return text_at(
      plane.ok("POST", "/admin/v1/accounts",
               R"({"account": {"name": "o", "provider": "anthropic", "baseUrl": ")" + provider.url("") + R"("}})"),
      "account.id");
}

struct Started {
  std::string login_id, redirect;
};
Started start(const ControlPlane& plane, Provider& provider, const std::string& account, const std::string& client) {
  const auto login =
      plane.ok("POST", "/admin/v1/accounts/" + account + "/oauth-login", R"({"oauthClientId": ")" + client + R"("})");
  return {text_at(login, "loginId"), provider.agree(text_at(login, "authorizeUrl"))};
}

}  // namespace

TEST_CASE("a browser that comes back from the provider ends the login, once and without a token") {
  const ControlPlane& plane = ControlPlane::shared();
  Provider provider;
  const std::string client =
      text_at(plane.ok("POST", "/admin/v1/oauth-clients", client_body(provider)), "oauthClient.id");
  const std::string account = make_account(plane, provider);
  const Started login = start(plane, provider, account, client);
  const std::string target = login.redirect.substr(login.redirect.find("/oauth/callback"));
  CHECK(plane.http("GET", target.substr(0, target.size() - 3) + "AAA", "", "").status == 404);
  CHECK(plane.http("GET", "/oauth/callback?code=x&state=short", "", "").status == 400);
  const auto ended = plane.http("GET", target, "", "");
  CHECK(ended.status == 200);
  CHECK(ended.body.find("logged in") != std::string::npos);
  CHECK(plane.http("GET", target, "", "").status == 404);
  CHECK(provider.asked() == 1);

  const std::string path = "/admin/v1/oauth-grants/" + account;
  CHECK(text_at(plane.ok("GET", path), "grant.state") == "OAUTH_GRANT_STATE_ACTIVE");
  CHECK(plane.ok("GET", "/admin/v1/accounts/" + account).at("account").at("hasCredential") == true);

  const auto due = plane.ok("POST", path + "/refresh", "{}");
  CHECK(text_at(due, "grant.accountId") == account);
  REQUIRE(eventually(kGenerous, [&] { return provider.refreshes() == 1; }));

  PostgresServer& postgres = PostgresServer::shared();
  std::string everything = plane.log_text() + plane.http("GET", "/admin/v1/oauth-grants").body +
                           plane.http("GET", "/admin/v1/oauth-clients").body + plane.http("GET", path).body;
  for (const char* table : {"audit_log", "oauth_clients", "oauth_logins", "oauth_grants", "account_credentials"}) {
    everything += postgres.run(plane.database(),
                               std::string("SELECT coalesce(string_agg(t::text, ' '), '') FROM ") + table + " t");
  }
  const std::string state = target.substr(target.find("state=") + 6);
  for (const std::string& secret :
       {provider.access_token(), provider.refresh_token(), std::string("our-secret"), state}) {
    INFO(secret);
    CHECK(everything.find(secret) == std::string::npos);
  }
  CHECK(plane.http("DELETE", "/admin/v1/oauth-clients/" + client).status == 409);
}

TEST_CASE("a redirect to a local address is pasted back") {
  const ControlPlane& plane = ControlPlane::shared();
  Provider provider;
  const std::string client =
      text_at(plane.ok("POST", "/admin/v1/oauth-clients", client_body(provider)), "oauthClient.id");
  const std::string account = make_account(plane, provider);
  const Started login = start(plane, provider, account, client);
  const std::string path = "/admin/v1/oauth-logins/" + login.login_id + "/finish";
  const std::string body = R"({"pasted": ")" + login.redirect + R"("})";
  CHECK(plane.http("POST", path, body, "").status == 401);
  CHECK(plane.http("POST", path, R"({"pasted": "http://localhost/nothing"})").status == 400);
  const auto grant = plane.ok("POST", path, body);
  CHECK(text_at(grant, "grant.oauthClientId") == client);
  CHECK(plane.http("POST", path, body).status == 404);

  const Started denied = start(plane, provider, account, client);
  const auto answer = plane.http(
      "POST", "/admin/v1/oauth-logins/" + denied.login_id + "/finish",
      R"({"pasted": "error=access_denied&)" + denied.redirect.substr(denied.redirect.find("state=")) + R"("})");
  CHECK(answer.status == 409);
  CHECK(answer.body.find("access_denied") != std::string::npos);
}

TEST_CASE("endpoints of OAuth clients obey the rules of base URLs, and a secret stays with its endpoint") {
  const ControlPlane& plane = ControlPlane::shared();
  Provider provider;
  for (const char* url : {"http://10.1.2.3/token", "https://169.254.169.254/token", "http://192.0.2.1/token",
                          "ftp://127.0.0.1/token", "http://user@127.0.0.1/token", ""}) {
    INFO(url);
    std::string body = client_body(provider);
    const std::string token_url = provider.url("/token");
    body.replace(body.find(token_url), token_url.size(), url);
    CHECK(plane.http("POST", "/admin/v1/oauth-clients", body).status == 400);
  }
  CHECK(plane.http("POST", "/admin/v1/oauth-clients", client_body(provider, R"(, "authorizeParams": ["state=fixed"])"))
            .status == 400);
  const auto made = plane.ok("POST", "/admin/v1/oauth-clients", client_body(provider));
  CHECK(made.at("oauthClient").at("hasClientSecret") == true);
  const std::string path = "/admin/v1/oauth-clients/" + text_at(made, "oauthClient.id");
  CHECK(plane.http("PATCH", path, R"({"tokenUrl": ")" + provider.url("/other") + R"("})").status == 400);
  CHECK(plane.http("PATCH", path, R"({"tokenUrl": ")" + provider.url("/other") + R"(", "clientSecret": "another"})")
            .status == 200);
  CHECK(plane.http("DELETE", path).status == 200);
}

TEST_CASE("the flag --rotate-keys seals everything under the new key, and may be run again") {
  ControlPlane plane;
  (void)plane.ok("POST", "/admin/v1/accounts",
                 R"({"account": {"name": "r", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9"},
                     "credential": {"secret": "upstream-secret"}})");
  const std::vector<std::string> command = plane.command();
  std::ifstream file(command.at(2));
  std::string config{std::istreambuf_iterator<char>(file), {}};
  const TempDir dir;
  const std::string key_file = dir / "new-key";
  const std::string rotated = std::filesystem::path(command.at(2)).replace_filename("rotated.yaml");
  std::ofstream(key_file) << std::string(64, 'a');
  std::filesystem::permissions(key_file, std::filesystem::perms::owner_read);
  const std::size_t at = config.find("key_encryption_key_file: ");
  REQUIRE(at != std::string::npos);
  config.insert(at, "key_encryption_key_version: 2\n  key_encryption_key_file: " + key_file + "\n  previous_");
  std::ofstream(rotated) << config;

  const auto versions = [&plane] {
    return PostgresServer::shared().run(plane.database(),
                                        "SELECT string_agg(key_version::text, ' ') FROM "
                                        "account_credentials");
  };
  CHECK(versions() == "1");
  for (int i = 0; i < 2; ++i) {
    Process rotation({.argv = {command.front(), "--config", rotated, "--rotate-keys"}, .log = dir / "log"});
    INFO(rotation.log_text());
    CHECK(rotation.wait(kGenerous) == 0);
    CHECK(versions() == "2");
  }
}

TEST_CASE("presets name endpoints and scopes, and no client") {
  const auto answer = ControlPlane::shared().ok("GET", "/admin/v1/oauth-presets");
  const auto& presets = answer.at("presets").as_array();
  REQUIRE(presets.size() >= 5);
  for (const auto& preset : presets) {
    CHECK(preset.at("clientId") == "");
    CHECK(preset.at("tokenUrl").as_string().starts_with("https://"));
    CHECK_FALSE(preset.at("scopes").as_array().empty());
  }
}

}  // namespace sluice::testing
