// Providers in the admin API: what may be set, and what is never shown.
#include "tests/integration/oidc/world.h"

namespace sluice::testing {

namespace {

using boost::json::object;
using boost::json::serialize;

HttpAnswer create(const object& changes) {
  object provider{{"slug", unique("P")}, {"displayName", "P"}, {"issuer", "http://127.0.0.1:9/p"}, {"clientId", "c"}};
  for (char& c : provider["slug"].as_string())
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [key, value] : changes)
    provider[key] = value;
  return ControlPlane::shared().http("POST", "/admin/v1/oidc-providers",
                                     serialize(object{{"oidcProvider", std::move(provider)}}));
}

}  // namespace

TEST_CASE("the secret is stored sealed and never shown, and the issuer stays") {
  OidcWorld world;
  CHECK(serialize(world.made).find("secret:") == std::string::npos);
  CHECK(world.made.at("oidcProvider").at("hasClientSecret").as_bool());
  CHECK(text_at(world.made, "oidcProvider.redirectUrl") == std::string(kPublicUrl) + "/oidc/callback");
  const HttpAnswer shown = world.plane.http("GET", world.path());
  CHECK(shown.body.find(Idp::kClientSecret) == std::string::npos);
  CHECK(PostgresServer::shared().run(world.plane.database(),
                                     "SELECT count(*) FROM audit_log WHERE after::text LIKE '%our secret%'") == "0");
  const std::string etag = text_at(world.made, "oidcProvider.etag");
  const std::string renamed = R"({"displayName": "Renamed", "etag": ")" + etag + R"("})";
  CHECK(world.plane.http("PATCH", world.path(), renamed).status == 200);
  CHECK(world.plane.http("PATCH", world.path(), renamed).status == 412);
  CHECK(world.plane.http("PATCH", world.path(), R"({"issuer": "https://example.com"})").status == 400);
  // Without a secret in the change the stored one stays.
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, {.subject = unique("s"), .email = make_invited(world.plane).email}).status == 200);
}

TEST_CASE("what cannot be a provider is refused") {
  CHECK(create({}).status == 200);
  for (const object& bad : std::vector<object>{{{"slug", ""}},
                                               {{"slug", "Upper"}},
                                               {{"slug", "-x"}},
                                               {{"slug", "a/b"}},
                                               {{"slug", std::string(64, 'a')}},
                                               {{"displayName", ""}},
                                               {{"clientId", ""}},
                                               {{"scopes", {"two words"}}},
                                               {{"allowedEmailDomains", {"no_domain"}}},
                                               {{"allowedEmailDomains", {"@example.com"}}},
                                               {{"issuer", ""}},
                                               {{"issuer", "example.com"}},
                                               {{"issuer", "http://192.0.2.1/p"}},
                                               {{"issuer", "https://10.0.0.1/p"}},
                                               {{"issuer", "https://user@127.0.0.1/p"}},
                                               {{"issuer", "https://127.0.0.1/p?x=y"}},
                                               {{"issuer", "https://127.0.0.1/p#x"}},
                                               {{"issuer", "file:///etc/passwd"}}}) {
    INFO(serialize(bad));
    const HttpAnswer answer = create(bad);
    INFO(answer.body);
    CHECK(answer.status == 400);
  }
  const HttpAnswer scoped = create({{"scopes", {"email"}}});
  CHECK(serialize(scoped.json().at("oidcProvider").at("scopes")) == R"(["openid","email"])");
}

TEST_CASE("a slug is used once, and again after its provider is gone") {
  OidcWorld world;
  const object same{{"slug", world.slug}};
  CHECK(create(same).status == 409);
  Browser browser(world.plane);
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  REQUIRE(world.sign_in(browser, someone).status == 200);
  const Begun begun = world.begin(browser);
  CHECK(world.plane.http("DELETE", world.path()).status == 200);
  CHECK(world.plane.http("GET", world.path()).status == 404);
  CHECK(create(same).status == 200);
  Browser late(world.plane);
  CHECK(OidcWorld::finish(late, begun, world.idp.agree(begun.url, someone)).status == 404);
  CHECK(browser.call("GET", "/admin/v1/me/identities").json().at("identities").as_array().empty());
}

TEST_CASE("a provider can be tried") {
  OidcWorld world;
  const auto tried = world.plane.ok("POST", world.path() + "/test", "{}");
  CHECK(text_at(tried, "authorizationEndpoint") == world.idp.issuer() + "/authorize");
  CHECK(tried.at("usableKeys").as_int64() == 2);
  OidcWorld broken;
  broken.idp.away = true;
  const HttpAnswer answer = broken.plane.http("POST", broken.path() + "/test", "{}");
  CHECK(answer.status == 503);
  CHECK(detail_of(answer).find("503") != std::string::npos);
}

TEST_CASE("only those who may change sign-ins manage providers") {
  OidcWorld world;
  for (const auto& [role, status] :
       {std::pair<const char*, int>{"ADMIN", 200}, {"READ_ONLY", 403}, {"OPERATOR", 403}}) {
    INFO(role);
    Browser browser(world.plane);
    REQUIRE(browser.login(make_person(world.plane, "USER_ROLE_" + std::string(role)).email).status == 200);
    CHECK(browser.call("PATCH", world.path(), R"({"displayName": "N"})").status == status);
  }
}

TEST_CASE("without a public URL nobody can begin") {
  const ControlPlane plane;
  OidcWorld world(plane);
  (void)plane.ok("PATCH", "/admin/v1/sign-in/settings?updateMask=publicUrl", R"({"publicUrl": ""})");
  const Browser browser(plane);
  const HttpAnswer answer = browser.call("POST", "/auth/v1/oidc/" + world.slug + "/begin", "{}");
  CHECK(answer.status == 409);
  CHECK(detail_of(answer).find("public URL") != std::string::npos);
}

}  // namespace sluice::testing
