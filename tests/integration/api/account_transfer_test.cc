// Exports and imports of accounts over REST. Two control planes: what one exports the other imports.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

namespace {

namespace json = boost::json;

const std::string kPassphrase = "correct horse battery";
const std::string kSecretText = "sk-carried-0123456789";

std::string account_in(const ControlPlane& plane, const std::string& name, const std::string& more = {}) {
  return text_at(plane.ok("POST", "/admin/v1/accounts",
                          R"({"account": {"name": ")" + name +
                              R"(", "provider": "anthropic", "baseUrl": "http://127.0.0.1:9", "priority": 3)" + more +
                              R"(}, "credential": {"kind": "ACCOUNT_CREDENTIAL_KIND_API_KEY", "secret": ")" +
                              kSecretText + R"("}})"),
                 "account.id");
}

std::string exported(const ControlPlane& plane, const std::string& id) {
  const json::object body{{"accountIds", json::array{json::string(id)}}, {"passphrase", kPassphrase}};
  return text_at(plane.ok("POST", "/admin/v1/account-exports", json::serialize(body)), "envelope");
}

HttpAnswer import(const ControlPlane& plane, const std::string& envelope, const std::string& passphrase = kPassphrase,
                  bool update = false, const Headers& more = {}) {
  const json::object body{{"envelope", envelope}, {"passphrase", passphrase}, {"updateExisting", update}};
  return plane.http("POST", "/admin/v1/account-imports", json::serialize(body), plane.token(), more);
}

std::string action(const HttpAnswer& answer) {
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return std::string(answer.json().at("accounts").at(0).at("action").as_string());
}

std::size_t count_of(const ControlPlane& plane, const std::string& name) {
  std::size_t found = 0;
  for (const auto& account : plane.ok("GET", "/admin/v1/accounts?pageSize=500").at("accounts").as_array())
    found += text_at(account, "name") == name ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("an account is carried to another installation with its credential, tried first") {
  const ControlPlane& from = ControlPlane::shared();
  const ControlPlane to;
  const std::string name = unique("carried");
  const std::string envelope = exported(from, account_in(from, name));
  CHECK(envelope.find(kSecretText) == std::string::npos);
  CHECK(envelope.find(name) == std::string::npos);

  CHECK(action(import(to, envelope, kPassphrase, false, {{"x-sluice-dry-run", "true"}})) == "create");
  CHECK(to.http("GET", "/admin/v1/accounts").body.find(name) == std::string::npos);
  CHECK(action(import(to, envelope)) == "create");
  CHECK(count_of(to, name) == 1);
  CHECK(action(import(to, envelope)) == "conflict");
  CHECK(action(import(to, envelope, kPassphrase, true)) == "update");
  CHECK(count_of(to, name) == 1);
  const auto account = to.ok("GET", "/admin/v1/accounts").at("accounts").at(0);
  CHECK(account.at("hasCredential") == true);
  CHECK(account.at("priority") == 3);
  // What it exports is the same secret, sealed with other salt.
  const std::string again = exported(to, text_at(account, "id"));
  CHECK(again != envelope);
  CHECK(action(import(from, again, kPassphrase, true)) == "update");

  PostgresServer& postgres = PostgresServer::shared();
  const std::string kept =
      to.log_text() + from.log_text() +
      postgres.run(to.database(), "SELECT coalesce(string_agg(t::text, ' '), '') FROM audit_log t") +
      postgres.run(to.database(), "SELECT coalesce(string_agg(t::text, ' '), '') FROM idempotency_keys t");
  CHECK(kept.find("account.import") != std::string::npos);
  CHECK(kept.find(kSecretText) == std::string::npos);
  CHECK(kept.find(kPassphrase) == std::string::npos);
}

TEST_CASE("an account that used a proxy is not imported without it, and leaves unknown groups") {
  const ControlPlane& from = ControlPlane::shared();
  const ControlPlane to;
  const std::string proxy =
      text_at(from.ok("POST", "/admin/v1/egress-proxies",
                      R"({"egressProxy": {"name": ")" + unique("way-out") + R"(", "url": "http://127.0.0.1:3128"}})"),
              "egressProxy.id");
  const std::string proxied =
      exported(from, account_in(from, unique("proxied"), R"(, "egressProxyIds": [")" + proxy + R"("])"));
  const HttpAnswer answer = import(to, proxied);
  CHECK(action(answer) == "conflict");
  CHECK(answer.body.find("way-out") != std::string::npos);

  const std::string name = unique("grouped");
  const std::string grouped =
      exported(from, account_in(from, name, R"(, "groupIds": [")" + make_group(from) + R"("])"));
  const HttpAnswer left = import(to, grouped);
  CHECK(action(left) == "create");
  CHECK(left.body.find("left out of the group") != std::string::npos);
  CHECK(to.ok("GET", "/admin/v1/accounts").at("accounts").as_array().size() == 1);
}

TEST_CASE("a wrong passphrase and hostile exports are refused, each in its words") {
  const ControlPlane& plane = ControlPlane::shared();
  const std::string name = unique("kept");
  const std::string id = account_in(plane, name);
  const std::string envelope = exported(plane, id);
  const auto refused = [&](const std::string& text, const std::string& words,
                           const std::string& passphrase = kPassphrase) {
    const HttpAnswer answer = import(plane, text, passphrase, true);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(words) != std::string::npos);
  };
  refused(envelope, "it is not the export's", "correct horse batterz");
  refused(envelope, "it is not the export's", "");
  json::object changed = json::parse(envelope).as_object();
  std::string sealed(changed.at("sealed").as_string());
  for (const std::size_t at : {std::size_t{0}, sealed.size() / 2, sealed.size() - 6}) {
    std::string other = sealed;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    changed["sealed"] = other;
    refused(json::serialize(changed), "it is not the export's");
  }
  changed["sealed"] = 7;
  refused(json::serialize(changed), "this is no export");
  changed["sealed"] = "AAAA";
  refused(json::serialize(changed), "this is no export");
  changed["version"] = 2;
  refused(json::serialize(changed), "later version");
  refused("", "this is no export");
  refused("[]", "this is no export");
  refused("{\"format\": \"sluice-accounts\"}", "this is no export");
  refused(std::string(100'000, '['), "this is no export");

  const auto export_status = [&](const std::string& body) {
    return plane.http("POST", "/admin/v1/account-exports", body).status;
  };
  CHECK(export_status(R"({"accountIds": [], "passphrase": "correct horse battery"})") == 400);
  CHECK(export_status(R"({"accountIds": [")" + id + R"("], "passphrase": "short"})") == 400);
  CHECK(export_status(
            R"({"accountIds": ["0190a8a0-0000-7000-8000-000000000000"], "passphrase": "correct horse battery"})") ==
        404);
  CHECK(count_of(plane, name) == 1);
}

}  // namespace sluice::testing
