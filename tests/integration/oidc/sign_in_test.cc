// Signing in through a provider over HTTP: the good ways, and who may not come in.
#include "tests/integration/oidc/world.h"

namespace sluice::testing {

namespace {

using boost::json::object;
using boost::json::serialize;

Someone known_as(const Person& person) {
  return {.subject = unique("subject"), .email = person.email};
}

}  // namespace

TEST_CASE("a person signs in with RS256 and ES256, and gets a session like any other") {
  OidcWorld world;
  const Person person = make_invited(world.plane);
  const Someone someone = known_as(person);
  for (const char* algorithm : {"RS256", "ES256"}) {
    INFO(algorithm);
    world.idp.shape({.algorithm = algorithm});
    Browser browser(world.plane, "203.0.113.251");
    const HttpAnswer answer = world.sign_in(browser, someone);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    CHECK(answer.header("set-cookie").find("; HttpOnly; SameSite=Lax") != std::string::npos);
    CHECK(answer.body.find(browser.cookie.substr(browser.cookie.find('=') + 1)) == std::string::npos);
    CHECK(text_at(answer.json(), "session.network") == "203.0.113.251/32");
    CHECK(OidcWorld::who(browser) == person.id);
    CHECK(browser.call("POST", "/admin/v1/me/logout", "{}").status == 200);
    CHECK_FALSE(browser.in());
  }
  const auto identities =
      world.plane.ok("GET", "/admin/v1/users/" + person.id + "/identities").at("identities").as_array();
  REQUIRE(identities.size() == 1);
  CHECK(text_at(identities[0], "subject") == someone.subject);
  CHECK(text_at(identities[0], "link") == "IDENTITY_LINK_EMAIL");
  CHECK(text_at(identities[0], "providerSlug") == world.slug);
}

TEST_CASE("the button, and the way back to the web UI") {
  OidcWorld world;
  const Browser browser(world.plane);
  const HttpAnswer list = browser.call("GET", "/auth/v1/oidc/providers");
  REQUIRE(list.status == 200);
  CHECK(list.body.find("\"slug\":\"" + world.slug + "\"") != std::string::npos);
  CHECK(list.body.find(world.idp.issuer()) == std::string::npos);
  const Begun begun = world.begin(browser);
  CHECK(Idp::parameter(begun.url, "redirect_uri") == std::string(kPublicUrl) + "/oidc/callback");
  CHECK(Idp::parameter(begun.url, "state") == begun.state);
  CHECK(Idp::parameter(begun.url, "scope") == "openid email profile");
  CHECK(begun.url.find(begun.binding) == std::string::npos);
  CHECK(browser.call("POST", "/auth/v1/oidc/nobody/begin", "{}").status == 404);
  (void)world.plane.ok("PATCH", world.path(), R"({"status": "OIDC_PROVIDER_STATUS_DISABLED"})");
  CHECK(browser.call("GET", "/auth/v1/oidc/providers").body.find("\"" + world.slug + "\"") == std::string::npos);
  CHECK(browser.call("POST", "/auth/v1/oidc/" + world.slug + "/begin", "{}").status == 404);
}

TEST_CASE("one replica begins and another finishes") {
  OidcWorld world;
  const auto replica = world.plane.replica();
  const Person person = make_invited(world.plane);
  Browser browser(world.plane);
  const Begun begun = world.begin(browser);
  browser.use(*replica);
  const HttpAnswer answer = OidcWorld::finish(browser, begun, world.idp.agree(begun.url, known_as(person)));
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  browser.use(world.plane);
  CHECK(OidcWorld::who(browser) == person.id);
}

TEST_CASE("a state is good once, for the browser that began, and for ten minutes") {
  OidcWorld world;
  const Someone someone = known_as(make_invited(world.plane));
  Browser browser(world.plane);
  Begun begun = world.begin(browser);
  const Begun other = world.begin(browser);
  const std::string code = world.idp.agree(begun.url, someone);
  const std::string binding = begun.binding;
  // Neither uses it up.
  begun.binding = other.binding;
  CHECK(OidcWorld::finish(browser, begun, code).status == 404);
  begun.binding.clear();
  CHECK(OidcWorld::finish(browser, begun, code).status == 404);
  begun.binding = binding;
  CHECK(OidcWorld::finish(browser, begun, "").status == 400);
  CHECK(world.idp.exchanges() == 0);
  CHECK(OidcWorld::finish(browser, begun, code).status == 200);
  const std::string fresh = world.idp.agree(begun.url, someone);
  CHECK(OidcWorld::finish(browser, begun, fresh).status == 404);
  CHECK(world.idp.exchanges() == 1);
  // A code of another sign-in is not taken: its verifier and nonce are others.
  CHECK(OidcWorld::finish(browser, other, fresh).status == 409);
  const Begun late = world.begin(browser);
  (void)PostgresServer::shared().run(world.plane.database(),
                                     "UPDATE oidc_logins SET expires_at = now() - interval '1 second'");
  CHECK(OidcWorld::finish(browser, late, world.idp.agree(late.url, someone)).status == 404);
}

TEST_CASE("an address that is not verified, or of another domain, leads to nobody") {
  OidcWorld world(ControlPlane::shared(), {{"allowedEmailDomains", {"Example.TEST", "b.example"}}});
  const Person person = make_invited(world.plane);
  Someone someone = known_as(person);
  Browser browser(world.plane);
  someone.email_verified = false;
  CHECK(world.sign_in(browser, someone).status == 403);
  someone.email_verified = true;
  someone.email = unique("x") + "@example.test.evil.example";
  CHECK(detail_of(world.sign_in(browser, someone)).find("certain domains") != std::string::npos);
  someone.email.clear();
  CHECK(world.sign_in(browser, someone).status == 403);
  CHECK_FALSE(browser.in());
  someone.email = person.email;
  CHECK(world.sign_in(browser, someone).status == 200);
  // The domain is asked for at every sign-in.
  someone.email_verified = false;
  CHECK(world.sign_in(browser, someone).status == 403);
}

TEST_CASE("without a list of domains an unverified address leads to nobody either") {
  OidcWorld world(ControlPlane::shared(), {{"createUsers", true}});
  Someone someone = known_as(make_invited(world.plane));
  someone.email_verified = false;
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, someone).status == 403);
  someone.email = unique("stranger") + "@example.test";
  CHECK(world.sign_in(browser, someone).status == 403);
  CHECK_FALSE(browser.in());
}

TEST_CASE("a stranger gets an account only where that is wanted") {
  OidcWorld world;
  const Someone stranger{
      .subject = unique("s"), .email = unique("New.Person") + "@Example.test", .name = "Neue Person"};
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, stranger).status == 403);
  (void)world.plane.ok("PATCH", world.path(), R"({"createUsers": true})");
  const HttpAnswer answer = world.sign_in(browser, stranger);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  const auto me = browser.call("GET", "/admin/v1/me/session").json();
  CHECK(text_at(me, "email") == stranger.email);
  CHECK(text_at(me, "displayName") == "Neue Person");
  CHECK(text_at(me, "role") == "user");
  Browser again(world.plane);
  Someone renamed = stranger;
  renamed.email = unique("renamed") + "@example.test";
  CHECK(world.sign_in(again, renamed).status == 200);
  CHECK(OidcWorld::who(again) == text_at(me, "userId"));
  // Who was deleted does not come back by himself.
  (void)world.plane.ok("DELETE", "/admin/v1/users/" + text_at(me, "userId"));
  CHECK(world.sign_in(again, stranger).status == 403);
  CHECK_FALSE(again.in());
}

TEST_CASE("disabled users do not come in, and staff not by their address") {
  OidcWorld world(ControlPlane::shared(), {{"createUsers", true}});
  const Person person = make_invited(world.plane);
  const Someone someone = known_as(person);
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  (void)world.plane.ok("PATCH", "/admin/v1/users/" + person.id, R"({"status": "USER_STATUS_DISABLED"})");
  CHECK(world.sign_in(browser, someone).status == 403);
  const Person disabled = make_invited(world.plane);
  (void)world.plane.ok("PATCH", "/admin/v1/users/" + disabled.id, R"({"status": "USER_STATUS_DISABLED"})");
  Browser other(world.plane);
  const std::string said = detail_of(world.sign_in(other, known_as(disabled)));
  // All look the same.
  for (const char* role : {"OWNER", "ADMIN", "OPERATOR", "FINANCE", "SUPPORT", "READ_ONLY"}) {
    INFO(role);
    const HttpAnswer answer =
        world.sign_in(other, known_as(make_invited(world.plane, "USER_ROLE_" + std::string(role))));
    CHECK(answer.status == 403);
    CHECK(detail_of(answer) == said);
  }
  // An account with a password whose address nobody proved may have been made by somebody else.
  CHECK(detail_of(world.sign_in(other, known_as(make_person(world.plane)))) == said);
  CHECK_FALSE(other.in());
}

TEST_CASE("who is promoted signs in only through what he linked himself") {
  OidcWorld world;
  const Person person = make_invited(world.plane);
  const Someone someone = known_as(person);
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  (void)world.plane.ok("PATCH", "/admin/v1/users/" + person.id, R"({"role": "USER_ROLE_OPERATOR"})");
  CHECK(world.sign_in(browser, someone).status == 403);
}

TEST_CASE("a program may have the token in the answer, and pages of other sites sign nobody in") {
  OidcWorld world;
  const Someone someone = known_as(make_invited(world.plane));
  Browser browser(world.plane);
  Begun begun = world.begin(browser);
  const HttpAnswer answer =
      OidcWorld::finish(browser, begun, world.idp.agree(begun.url, someone), {{"returnToken", true}});
  REQUIRE(answer.status == 200);
  CHECK(answer.header("set-cookie").empty());
  browser.cookie = "sluice_session=" + text_at(answer.json(), "sessionToken");
  CHECK(browser.in());
  const Browser victim(world.plane);
  CHECK(victim.call("POST", "/auth/v1/oidc/finish", "{}", {{"sec-fetch-site", "cross-site"}}).status == 403);
}

TEST_CASE("one network begins only so many sign-ins at once") {
  OidcWorld world;
  const Browser browser(world.plane);
  HttpAnswer answer;
  for (int i = 0; i < 200 && answer.status != 429; ++i)
    answer = browser.call("POST", "/auth/v1/oidc/" + world.slug + "/begin", "{}");
  CHECK(answer.status == 429);
  CHECK(Browser(world.plane).call("POST", "/auth/v1/oidc/" + world.slug + "/begin", "{}").status == 200);
}

}  // namespace sluice::testing
