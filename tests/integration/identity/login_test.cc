// Signing in over HTTP at the real control plane: cookies, CSRF tokens, and what a stranger learns.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/identity/browser.h"

namespace sluice::testing {

namespace {

constexpr const char* kGroup = R"({"group": {"name": "made by a session"}})";

}  // namespace

TEST_CASE("a person signs in, works with a cookie, and signs out, at any replica") {
  const ControlPlane& plane = ControlPlane::shared();
  const auto replica = plane.replica();
  const Person person = make_person(plane, "USER_ROLE_OPERATOR");
  Browser browser(plane, "203.0.113.250");
  CHECK(browser.call("GET", "/admin/v1/me/session").status == 401);
  const HttpAnswer login = browser.login(person.email);
  INFO(login.body);
  REQUIRE(login.status == 200);
  const std::string set = login.header("set-cookie");
  CHECK(set.find("; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure") != std::string::npos);
  const std::string token = browser.cookie.substr(browser.cookie.find('=') + 1);
  CHECK(token.size() == 43);
  CHECK(login.body.find(token) == std::string::npos);
  CHECK(text_at(login.json(), "session.network") == "203.0.113.250/32");
  CHECK(text_at(login.json(), "session.userAgent") == "Test/1");

  for (const ControlPlane* at : {&plane, const_cast<const ControlPlane*>(replica.get())}) {
    browser.use(*at);
    const HttpAnswer me = browser.call("GET", "/admin/v1/me/session");
    REQUIRE(me.status == 200);
    CHECK(text_at(me.json(), "userId") == person.id);
    CHECK(text_at(me.json(), "role") == "operator");
    CHECK(text_at(me.json(), "csrfToken") == browser.csrf);
    CHECK(me.body.find(token) == std::string::npos);
    CHECK(browser.call("POST", "/admin/v1/groups", kGroup).status == 200);
    CHECK(browser.call("POST", "/admin/v1/prices", "{}").status == 403);
  }
  const HttpAnswer logout = browser.call("POST", "/admin/v1/me/logout", "{}");
  CHECK(logout.status == 200);
  CHECK(logout.header("set-cookie").starts_with("sluice_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
  CHECK_FALSE(browser.in());
}

TEST_CASE("a session that changes something shows its CSRF token") {
  const ControlPlane& plane = ControlPlane::shared();
  Browser browser(plane);
  Browser other(plane);
  const Person person = make_person(plane, "USER_ROLE_OPERATOR");
  REQUIRE(browser.login(person.email).status == 200);
  REQUIRE(other.login(person.email).status == 200);
  REQUIRE(browser.csrf != other.csrf);
  const std::string good = browser.csrf;
  for (const std::string& bad : {std::string(), std::string(64, '0'), other.csrf, good + "0", good.substr(1)}) {
    browser.csrf = bad;
    CHECK(browser.call("POST", "/admin/v1/groups", kGroup).status == 403);
    CHECK(browser.call("DELETE", "/admin/v1/me/sessions/0192a0aa-0000-7000-8000-000000000000").status == 403);
    CHECK(browser.in());
  }
  browser.csrf = good;
  CHECK(browser.call("POST", "/admin/v1/groups", kGroup).status == 200);
}

TEST_CASE("a forged cookie is nobody's") {
  const ControlPlane& plane = ControlPlane::shared();
  Browser browser(plane);
  REQUIRE(browser.login(make_person(plane).email).status == 200);
  const std::string good = browser.cookie;
  for (const std::string& bad :
       {std::string("sluice_session="), std::string("sluice_session=") + std::string(43, 'a'), good + "x",
        good.substr(0, good.size() - 1), std::string("xsluice_session=") + good,
        std::string("sluice_session=' OR 1=1 --"), std::string("sluice_session=") + plane.token()}) {
    browser.cookie = bad;
    INFO(bad);
    CHECK(browser.call("GET", "/admin/v1/me/session").status == 401);
    CHECK(browser.call("GET", "/admin/v1/users").status == 401);
  }
  // Metadata of gRPC cannot be sent as headers.
  browser.cookie.clear();
  const std::string token = good.substr(good.find('=') + 1);
  CHECK(browser.call("GET", "/admin/v1/me/session", "", {{"x-sluice-session", token}}).status == 401);
}

TEST_CASE("an unknown address, a wrong password and a disabled user look the same") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  const Person disabled = make_person(plane);
  (void)plane.ok("PATCH", "/admin/v1/users/" + disabled.id + "?updateMask=status",
                 R"({"status": "USER_STATUS_DISABLED"})");
  const std::string without = text_at(plane.ok("GET", "/admin/v1/users/" + make_user(plane)), "user.email");
  Browser browser(plane);
  const auto detail = [](const HttpAnswer& answer) {
    CHECK(answer.status == 401);
    CHECK(answer.header("set-cookie").empty());
    return text_at(answer.json(), "detail");
  };
  const std::string wrong = detail(browser.login(person.email, "not his password"));
  CHECK(detail(browser.login(unique("nobody") + "@example.com")) == wrong);
  CHECK(detail(browser.login(disabled.email)) == wrong);
  CHECK(detail(browser.login(without)) == wrong);
}

TEST_CASE("wrong passwords are counted by both replicas together, and right ones are not") {
  const ControlPlane& plane = ControlPlane::shared();
  const auto replica = plane.replica();
  const Person person = make_person(plane);
  Browser attacker(plane);
  int refused = 0;
  HttpAnswer answer;
  // On a slow machine a minute may pass, which gives one attempt more.
  for (int i = 0; i < 40 && answer.status != 429; ++i) {
    attacker.use(i % 2 == 0 ? plane : *replica);
    answer = attacker.login(person.email, "not his password");
    if (answer.status == 401) ++refused;
  }
  REQUIRE(answer.status == 429);
  CHECK(text_at(answer.json(), "detail").find("try again in") != std::string::npos);
  CHECK(refused >= 10);
  const Person other = make_person(plane);
  Browser browser(plane);
  for (int i = 0; i < 12; ++i)
    CHECK(browser.login(other.email).status == 200);
}

TEST_CASE("a page of another site cannot sign its visitor in") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  const std::string body = R"({"email": ")" + person.email + R"(", "password": ")" + kPassword + R"("})";
  const Browser browser(plane);
  CHECK(browser.call("POST", "/auth/v1/login", body, {{"sec-fetch-site", "cross-site"}}).status == 403);
  CHECK(browser.call("POST", "/auth/v1/login", body, {{"sec-fetch-site", "same-origin"}}).status == 200);
}

TEST_CASE("the description says what needs no session") {
  const auto document = ControlPlane::shared().http("GET", "/openapi.json", "", "").json();
  CHECK(text_at(document, "components.securitySchemes.session.name") == "sluice_session");
  const auto& paths = document.at("paths").as_object();
  for (const char* path : {"/auth/v1/login", "/auth/v1/setup"})
    CHECK(paths.at(path).at("post").at("security").as_array().empty());
  CHECK_FALSE(paths.at("/admin/v1/me/logout").at("post").as_object().contains("security"));
}

TEST_CASE("a program may have the token in the answer, and no cookie") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  Browser browser(plane);
  const HttpAnswer answer =
      browser.call("POST", "/auth/v1/login",
                   R"({"email": ")" + person.email + R"(", "password": ")" + kPassword + R"(", "returnToken": true})");
  REQUIRE(answer.status == 200);
  CHECK(answer.header("set-cookie").empty());
  browser.cookie = "sluice_session=" + text_at(answer.json(), "sessionToken");
  CHECK(browser.in());
}

}  // namespace sluice::testing
