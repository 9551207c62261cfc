// Two control planes on one database: they share all work, and one may die at any moment.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/api/control_plane.h"
#include "tests/integration/oauth/provider.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace {

struct Pair {
  std::unique_ptr<ControlPlane> first = std::make_unique<ControlPlane>();
  std::unique_ptr<ControlPlane> second = first->replica();

  [[nodiscard]] const ControlPlane& of(int i) const { return i % 2 == 0 ? *first : *second; }
  [[nodiscard]] std::string sql(const std::string& text) const {
    return PostgresServer::shared().run(first->database(), text);
  }
};

// Calls body(i) for i below n, all at once.
template <class Body>
void together(int n, Body body) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < n; ++i)
    threads.emplace_back([i, &body] { body(i); });
}

std::string log_in(const ControlPlane& plane, Provider& provider) {
  const std::string client = text_at(
      plane.ok("POST", "/admin/v1/oauth-clients",
               R"({"oauthClient": {"name": ")" + unique("c") + R"(", "clientId": "our-id", "clientSecret": "our-secret",
    "authorizeUrl": ")" +
                   provider.url("/authorize") + R"(", "tokenUrl": ")" + provider.url("/token") +
                   R"(", "redirectUrl": "http://127.0.0.1/oauth/callback", "scopes": ["a"]}})"),
      "oauthClient.id");
  const std::string account = text_at(
      plane.ok("POST", "/admin/v1/accounts",
               R"({"account": {"name": "o", "provider": "anthropic", "baseUrl": ")" + provider.url("") + R"("}})"),
      "account.id");
  const auto login =
      plane.ok("POST", "/admin/v1/accounts/" + account + "/oauth-login", R"({"oauthClientId": ")" + client + R"("})");
  const std::string redirect = provider.agree(text_at(login, "authorizeUrl"));
  REQUIRE(plane.http("GET", redirect.substr(redirect.find("/oauth/callback")), "", "").status == 200);
  return account;
}

}  // namespace

TEST_CASE("what one replica begins another ends, and both see it at once") {
  const Pair pair;
  const std::string group = make_group(*pair.first);
  CHECK(pair.second->http("GET", "/admin/v1/groups/" + group).status == 200);
  const HttpAnswer once = pair.first->http("POST", "/admin/v1/groups", R"({"group": {"name": "twice"}})",
                                           pair.first->token(), {{"idempotency-key", "same"}});
  const HttpAnswer again = pair.second->http("POST", "/admin/v1/groups", R"({"group": {"name": "twice"}})",
                                             pair.first->token(), {{"idempotency-key", "same"}});
  CHECK(once.status == 200);
  CHECK(again.body == once.body);
}

TEST_CASE("one code for many at both replicas is used by one, and deductions at both are all counted") {
  const Pair pair;
  const std::string user = make_user(*pair.first);
  const auto made = pair.first->ok("POST", "/admin/v1/redeem-codes",
                                   R"({"redeemCode": {"kind": "REDEEM_CODE_KIND_BALANCE", "amountUsd": "10"}})");
  const std::string code(made.at("redeemCodes").at(0).at("code").as_string());
  std::atomic<int> redeemed = 0;
  together(12, [&](int i) {
    const HttpAnswer answer =
        pair.of(i).http("POST", "/admin/v1/users/" + user + "/redeem", R"({"code": ")" + code + R"("})");
    if (answer.status == 200) ++redeemed;
  });
  CHECK(redeemed == 1);
  std::atomic<int> deducted = 0;
  together(20, [&](int i) {
    const std::string body = R"({"amountUsd": "-0.25", "reason": "parallel", "externalId": ")" + user + "-" +
                             std::to_string(i / 2) + R"("})";  // each of ten twice
    if (pair.of(i).http("POST", "/admin/v1/users/" + user + "/adjustments", body).status == 200) ++deducted;
  });
  CHECK(deducted >= 10);
  CHECK(text_at(pair.second->ok("GET", "/admin/v1/users/" + user + "/balance"), "balanceUsd") == "7.5");
  CHECK(pair.sql("SELECT count(*) FROM ledger_transactions WHERE kind = 'adjustment'") == "10");
  CHECK(pair.first->ok("GET", "/admin/v1/ledger-check").at("balanced") == true);
}

TEST_CASE("a refresh of a replica that was killed in the middle is ended by another") {
  Provider provider;
  provider.rotates = false;  // the answer that nobody heard does no harm
  auto first = std::make_unique<ControlPlane>();
  const std::string account = log_in(*first, provider);
  const std::string path = "/admin/v1/oauth-grants/" + account;
  provider.delay_ms = 600'000;
  const int asked = provider.asked();
  (void)first->ok("POST", path + "/refresh", "{}");
  REQUIRE(eventually(kGenerous, [&] { return provider.asked() == asked + 1; }));
  first->kill();
  provider.delay_ms = 0;

  const std::unique_ptr<ControlPlane> second = first->replica();
  const auto revision = [&] {
    return PostgresServer::shared().run(
        second->database(), "SELECT revision FROM account_credentials WHERE account_id = '" + account + "'");
  };
  const std::string before = revision();
  CHECK(provider.asked() == asked + 1);  // leased: nobody else may ask yet
  // As if the lease's two minutes were over.
  (void)PostgresServer::shared().run(second->database(),
                                     "UPDATE oauth_grants SET lease_until = lease_until - interval '3 minutes'");
  CHECK(eventually(kGenerous, [&] { return revision() != before; }));
  const auto grant = second->ok("GET", path);
  CHECK(text_at(grant, "grant.state") == "OAUTH_GRANT_STATE_ACTIVE");
  CHECK(provider.asked() == asked + 2);
}

TEST_CASE("two replicas refresh a token once, and both die without harm") {
  Provider provider;
  Pair pair;
  const std::string path = "/admin/v1/oauth-grants/" + log_in(*pair.first, provider);
  for (int round = 1; round <= 3; ++round) {
    (void)pair.of(round).ok("POST", path + "/refresh", "{}");
    REQUIRE(eventually(kGenerous, [&] { return provider.refreshes() == round; }));
  }
  CHECK_FALSE(provider.reuse_seen());
  pair.first->kill();
  (void)pair.second->ok("POST", path + "/refresh", "{}");
  CHECK(eventually(kGenerous, [&] { return provider.refreshes() == 4; }));
  CHECK_FALSE(provider.reuse_seen());
  CHECK(text_at(pair.second->ok("GET", path), "grant.state") == "OAUTH_GRANT_STATE_ACTIVE");
}

}  // namespace sluice::testing
