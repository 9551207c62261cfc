// What people do with their sessions, passwords and second factors, over HTTP; and what staff do for them.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "common/base/clock.h"
#include "controlplane/identity/totp.h"
#include "tests/integration/identity/browser.h"

namespace sluice::testing {

namespace {

using boost::json::object;
using boost::json::serialize;

// Raw, from base32.
Secret secret_of(const std::string& text) {
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    buffer = (buffer << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  return Secret(out);
}

// The code of the step that is `steps` after now.
std::string code_of(const std::string& secret, int steps = 0) {
  return identity::totp_code(secret_of(secret), identity::totp_step(RealClock().now()) + steps);
}

}  // namespace

TEST_CASE("a changed password ends all other sessions") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  Browser here(plane);
  Browser there(plane);
  REQUIRE(here.login(person.email).status == 200);
  REQUIRE(there.login(person.email).status == 200);
  const auto change = [&](const std::string& current, const std::string& wanted) {
    return here.call("POST", "/admin/v1/me/password",
                     serialize(object{{"currentPassword", current}, {"newPassword", wanted}}));
  };
  CHECK(change("not his password", "a new password 1").status == 400);
  CHECK(change(kPassword, "short").status == 400);
  CHECK(change(kPassword, person.email).status == 400);
  CHECK(there.in());
  const HttpAnswer changed = change(kPassword, "a new password 1");
  INFO(changed.body);
  REQUIRE(changed.status == 200);
  CHECK(changed.json().at("sessionsEnded").as_int64() == 1);
  CHECK(here.in());
  CHECK_FALSE(there.in());
  CHECK(there.login(person.email).status == 401);
  CHECK(there.login(person.email, "a new password 1").status == 200);
}

TEST_CASE("a person sees and ends his own sessions, and nobody else's") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  Browser here(plane);
  Browser there(plane);
  Browser stranger(plane);
  REQUIRE(here.login(person.email).status == 200);
  const std::string id = text_at(there.login(person.email).json(), "session.id");
  REQUIRE(stranger.login(make_person(plane).email).status == 200);
  const auto list = here.call("GET", "/admin/v1/me/sessions").json().at("sessions").as_array();
  REQUIRE(list.size() == 2);
  CHECK(text_at(list[0], "id") == id);
  CHECK_FALSE(list[0].at("current").as_bool());
  CHECK(list[1].at("current").as_bool());

  CHECK(stranger.call("DELETE", "/admin/v1/me/sessions/" + id).status == 404);
  CHECK(stranger.call("GET", "/admin/v1/users/" + person.id + "/sessions").status == 403);
  CHECK(stranger.call("POST", "/admin/v1/users/" + person.id + "/sessions/revoke", "{}").status == 403);
  CHECK(here.call("DELETE", "/admin/v1/me/sessions/" + id).status == 200);
  CHECK_FALSE(there.in());
  CHECK(plane.ok("POST", "/admin/v1/users/" + person.id + "/sessions/revoke", "{}").at("sessionsEnded") == 1);
  CHECK_FALSE(here.in());
}

TEST_CASE("with a second factor a sign-in takes a code, once") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  Browser browser(plane);
  REQUIRE(browser.login(person.email).status == 200);
  const std::string current = serialize(object{{"currentPassword", kPassword}});
  CHECK(browser.call("POST", "/admin/v1/me/totp", R"({"currentPassword": "wrong password"})").status == 400);
  const auto begun = browser.call("POST", "/admin/v1/me/totp", current);
  REQUIRE(begun.status == 200);
  const std::string secret = text_at(begun.json(), "secret");
  CHECK(text_at(begun.json(), "otpauthUri").starts_with("otpauth://totp/Sluice:"));
  const auto confirmed =
      browser.call("POST", "/admin/v1/me/totp/confirm", serialize(object{{"code", code_of(secret)}}));
  INFO(confirmed.body);
  REQUIRE(confirmed.status == 200);
  const auto codes = confirmed.json().at("recoveryCodes").as_array();
  REQUIRE(codes.size() == 10);
  const std::string recovery(codes[0].as_string());

  Browser other(plane);
  const HttpAnswer asked = other.login(person.email);
  CHECK(asked.json().at("secondFactorNeeded").as_bool());
  CHECK(asked.header("set-cookie").empty());
  CHECK(other.login(person.email, kPassword, "000000").status == 401);
  const std::string next = code_of(secret, 1);
  CHECK(other.login(person.email, "wrong password", next).status == 401);
  CHECK(other.login(person.email, kPassword, next).status == 200);
  CHECK(other.login(person.email, kPassword, next).status == 401);
  CHECK(other.login(person.email, kPassword, recovery).status == 200);
  CHECK(other.login(person.email, kPassword, recovery).status == 401);
  const auto me = browser.call("GET", "/admin/v1/me/session").json();
  CHECK(me.at("secondFactor").as_bool());
  CHECK(me.at("recoveryCodesLeft").as_int64() == 9);

  SECTION("the person ends it") {
    const auto end = [&](const std::string& password, const std::string& code) {
      return browser
          .call("POST", "/admin/v1/me/totp/disable", serialize(object{{"currentPassword", password}, {"code", code}}))
          .status;
    };
    const std::string second(codes[1].as_string());
    CHECK(end("wrong password", second) == 400);
    CHECK(end(kPassword, recovery) == 400);
    CHECK(end(kPassword, second) == 200);
  }
  SECTION("staff ends it") {
    (void)plane.ok("POST", "/admin/v1/users/" + person.id + "/second-factor/reset", "{}");
    CHECK_FALSE(browser.in());
  }
  CHECK_FALSE(other.login(person.email).header("set-cookie").empty());
  // Nothing of it is in the audit log, another table, or the process's log.
  const std::string tables = PostgresServer::shared().run(
      plane.database(),
      "SELECT (SELECT string_agg(t::text, ' ') FROM audit_log t) || coalesce((SELECT string_agg("
      "t::text, ' ') FROM recovery_codes t), '') || (SELECT string_agg(t::text, ' ') FROM sessions t)");
  for (const std::string& text :
       {secret, recovery, std::string(kPassword), browser.csrf, browser.cookie.substr(browser.cookie.find('=') + 1)}) {
    CHECK(tables.find(text) == std::string::npos);
    CHECK(plane.log_text().find(text) == std::string::npos);
  }
}

TEST_CASE("a token is not enough for what people do with their own sign-in") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person person = make_person(plane);
  const std::string token = text_at(
      plane.ok("POST", "/admin/v1/admin-tokens", R"({"adminToken": {"userId": ")" + person.id + R"("}})"), "secret");
  const HttpAnswer me = plane.http("GET", "/admin/v1/me/session", "", token);
  REQUIRE(me.status == 200);
  CHECK(text_at(me.json(), "userId") == person.id);
  CHECK(me.body.find("\"session\":{") == std::string::npos);
  for (const char* path : {"logout", "password", "totp", "totp/confirm", "totp/disable"})
    CHECK(plane.http("POST", std::string("/admin/v1/me/") + path, "{}", token).status == 409);
}

TEST_CASE("who may not manage a user cannot set his password") {
  const ControlPlane& plane = ControlPlane::shared();
  const Person owner = make_person(plane, "USER_ROLE_OWNER");
  const Person admin = make_person(plane, "USER_ROLE_ADMIN");
  Browser browser(plane);
  REQUIRE(browser.login(admin.email).status == 200);
  const std::string path = "/admin/v1/users/" + owner.id;
  CHECK(browser.call("POST", path + "/password", serialize(object{{"password", "a stolen password"}})).status == 403);
  CHECK(browser.call("POST", path + "/second-factor/reset", "{}").status == 403);
  CHECK(browser.call("POST", path + "/sessions/revoke", "{}").status == 403);
  const std::string own = "/admin/v1/users/" + admin.id;
  CHECK(browser.call("POST", own + "/password", serialize(object{{"password", "a stolen password"}})).status == 409);
  CHECK(browser.call("POST", own + "/second-factor/reset", "{}").status == 409);
  Browser his(plane);
  CHECK(his.login(owner.email).status == 200);
}

}  // namespace sluice::testing
