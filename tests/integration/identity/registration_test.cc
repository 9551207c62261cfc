// Registering, proving an address and resetting a password by links in mails, over HTTP and with a real mail server's
// protocol.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/alerts/receiver.h"
#include "tests/integration/identity/browser.h"
#include "tests/support/eventually.h"
#include "tests/support/smtp/mail_server.h"

namespace sluice::testing {

namespace {

using boost::json::object;
using boost::json::serialize;

// A control plane of its own that sends mail and lets people register.
struct Open {
  ControlPlane plane;
  MailServer server;

  Open() {
    settings("mail", {{"enabled", true},
                      {"host", "127.0.0.1"},
                      {"port", server.port()},
                      {"security", "MAIL_SECURITY_NONE"},
                      {"fromAddress", "sluice@example.org"}});
    settings("sign-in", {{"publicUrl", "https://sluice.example.org/"}, {"registrationOpen", true}});
  }
  void settings(const std::string& kind, const object& changes) const {
    (void)plane.ok("PATCH", "/admin/v1/" + kind + "/settings", serialize(changes));
  }
  // The text of the latest mail to the address, once there are so many.
  std::string mail_to(const std::string& address, std::size_t count) {
    std::vector<SmtpMail> mine;
    const bool came = eventually(kGenerous, [&] {
      mine.clear();
      for (const SmtpMail& mail : server.mails()) {
        if (mail.to == address) mine.push_back(mail);
      }
      return mine.size() == count;
    });
    REQUIRE(came);
    return MailServer::body_of(mine.back());
  }
  [[nodiscard]] std::string sql(const std::string& text) const {
    return PostgresServer::shared().run(plane.database(), text);
  }
};

std::string token_in(const std::string& text) {
  const std::size_t at = text.find("#token=");
  REQUIRE(at != std::string::npos);
  return text.substr(at + 7, text.find('\n', at) - at - 7);
}

std::string person(const std::string& email, const std::string& password = kPassword) {
  return serialize(object{{"email", email}, {"password", password}, {"displayName", "Ada"}});
}

std::string with_token(const std::string& token) {
  return serialize(object{{"token", token}});
}

}  // namespace

TEST_CASE("who registers proves the address first, and gets what new users get") {
  Open world;
  world.settings("sign-in", {{"newUserConcurrency", 3}, {"newUserCreditUsd", "2.5"}});
  Browser browser(world.plane);
  const HttpAnswer asked = browser.call("POST", "/auth/v1/register", person("ada@example.com"));
  INFO(asked.body);
  REQUIRE(asked.status == 200);
  CHECK(asked.json().at("mailSent").as_bool());
  CHECK(world.sql("SELECT count(*) FROM users WHERE email = 'ada@example.com'") == "0");
  CHECK(browser.login("ada@example.com").status == 401);
  const std::string text = world.mail_to("ada@example.com", 1);
  CHECK(text.find("https://sluice.example.org/register/finish#token=") != std::string::npos);
  const std::string token = token_in(text);

  CHECK(browser.call("POST", "/auth/v1/register/finish", with_token(token + "x")).status == 404);
  CHECK(browser
            .call("POST", "/auth/v1/password-reset/finish",
                  serialize(object{{"token", token}, {"newPassword", "another password"}}))
            .status == 404);
  const HttpAnswer made = browser.call("POST", "/auth/v1/register/finish", with_token(token));
  INFO(made.body);
  REQUIRE(made.status == 200);
  CHECK(browser.call("POST", "/auth/v1/register/finish", with_token(token)).status == 404);
  REQUIRE(browser.login("ada@example.com").status == 200);
  const auto user = world.plane.ok("GET", "/admin/v1/users/" + text_at(made.json(), "userId")).at("user").as_object();
  CHECK(user.at("role") == "USER_ROLE_USER");
  CHECK(user.at("displayName") == "Ada");
  CHECK(user.at("concurrency").as_int64() == 3);
  CHECK(user.at("balanceUsd") == "2.5");
  CHECK(user.at("emailVerified").as_bool());

  // Nothing of the link is left, and no answer or log shows it.
  CHECK(world.sql("SELECT count(*) FROM email_tokens") == "0");
  CHECK(eventually(kGenerous, [&] { return world.sql("SELECT count(*) FROM mails WHERE sealed <> ''") == "0"; }));
  CHECK(world.plane.http("GET", "/admin/v1/mails").body.find(token) == std::string::npos);
  CHECK(world.plane.log_text().find(token) == std::string::npos);
}

TEST_CASE("whether an address is known is told to nobody but its owner") {
  Open world;
  const Person known = make_person(world.plane);
  Browser browser(world.plane);
  const HttpAnswer stranger = browser.call("POST", "/auth/v1/register", person("new@example.com"));
  const HttpAnswer again = browser.call("POST", "/auth/v1/register", person(known.email));
  CHECK(stranger.status == 200);
  CHECK(again.status == 200);
  CHECK(again.body == stranger.body);
  CHECK(world.mail_to(known.email, 1).find("token") == std::string::npos);
  const auto reset = [&](const std::string& email) {
    return browser.call("POST", "/auth/v1/password-reset", serialize(object{{"email", email}}));
  };
  CHECK(reset("nobody@example.com").body == reset(known.email).body);
  CHECK(token_in(world.mail_to(known.email, 2)).size() == 43);
  // Three mails at once for an address, whoever asks.
  Browser other(world.plane);
  CHECK(other.call("POST", "/auth/v1/password-reset", serialize(object{{"email", known.email}})).status == 200);
  const HttpAnswer flood = other.call("POST", "/auth/v1/password-reset", serialize(object{{"email", known.email}}));
  CHECK(flood.status == 429);
}

TEST_CASE("a forgotten password is reset once by the latest link, and every session ends") {
  Open world;
  const Person ada = make_person(world.plane);
  Browser browser(world.plane);
  REQUIRE(browser.login(ada.email).status == 200);
  Browser stranger(world.plane);
  const auto ask = [&] {
    REQUIRE(stranger.call("POST", "/auth/v1/password-reset", serialize(object{{"email", ada.email}})).status == 200);
  };
  const auto finish = [&](const std::string& token, const std::string& password) {
    return stranger.call("POST", "/auth/v1/password-reset/finish",
                         serialize(object{{"token", token}, {"newPassword", password}}));
  };
  ask();
  const std::string first = token_in(world.mail_to(ada.email, 1));
  ask();
  const std::string second = token_in(world.mail_to(ada.email, 2));
  CHECK(finish(first, "a new password").status == 404);
  CHECK(finish(second, "short").status == 400);
  CHECK(browser.in());
  SECTION("with the link") {
    const HttpAnswer done = finish(second, "a new password");
    INFO(done.body);
    REQUIRE(done.status == 200);
    CHECK(done.json().at("sessionsEnded").as_int64() == 1);
    CHECK_FALSE(browser.in());
    CHECK(finish(second, "another password").status == 404);
    CHECK(stranger.login(ada.email).status == 401);
    CHECK(stranger.login(ada.email, "a new password").status == 200);
    CHECK(world.mail_to(ada.email, 3).find("was changed") != std::string::npos);
    CHECK(world.plane.ok("GET", "/admin/v1/users/" + ada.id).at("user").at("emailVerified").as_bool());
  }
  SECTION("and who came in by a provider before the address was proven is out") {
    (void)world.sql(
        "INSERT INTO oidc_providers (id, slug, display_name, issuer, client_id, sealed, key_version, scopes, status) "
        "VALUES ('01935f7a-2c4e-7b3a-9a51-000000000001', 'p', 'P', 'https://p.example', 'c', '', 1, '{openid}', "
        "'active'); INSERT INTO oidc_identities (id, provider_id, subject, user_id, email, linked_by, created_at, "
        "last_used_at) VALUES ('01935f7a-2c4e-7b3a-9a51-000000000002', '01935f7a-2c4e-7b3a-9a51-000000000001', 's', '" +
        ada.id + "', 'eve@example.com', 'self', now(), now())");
    REQUIRE(finish(second, "a new password").status == 200);
    CHECK(world.sql("SELECT count(*) FROM oidc_identities") == "0");
  }
  SECTION("not any more after half an hour") {
    (void)world.sql("UPDATE email_tokens SET expires_at = now() - interval '1 second'");
    CHECK(finish(second, "a new password").status == 404);
  }
  SECTION("not any more when the password was changed meanwhile") {
    REQUIRE(browser
                .call("POST", "/admin/v1/me/password",
                      serialize(object{{"currentPassword", kPassword}, {"newPassword", "a third password"}}))
                .status == 200);
    CHECK(finish(second, "a new password").status == 404);
  }
  SECTION("not for a disabled user") {
    (void)world.plane.ok("PATCH", "/admin/v1/users/" + ada.id, R"({"status": "USER_STATUS_DISABLED"})");
    CHECK(finish(second, "a new password").status == 403);
  }
  SECTION("not by a mailbox that is not his any more") {
    (void)world.plane.ok("PATCH", "/admin/v1/users/" + ada.id, R"({"email": ")" + unique("new") + R"(@example.com"})");
    CHECK(finish(second, "a new password").status == 409);
  }
}

TEST_CASE("one proves one's own address, and with another one it is not proven") {
  Open world;
  const Person ada = make_person(world.plane);
  Browser browser(world.plane);
  REQUIRE(browser.login(ada.email).status == 200);
  const auto proven = [&] {
    return world.plane.ok("GET", "/admin/v1/users/" + ada.id).at("user").at("emailVerified").as_bool();
  };
  CHECK_FALSE(proven());
  REQUIRE(browser.call("POST", "/admin/v1/me/email-verification", "{}").status == 200);
  const std::string token = token_in(world.mail_to(ada.email, 1));
  Browser phone(world.plane);
  CHECK(phone.call("POST", "/auth/v1/verify-email", with_token(token)).status == 200);
  CHECK(phone.call("POST", "/auth/v1/verify-email", with_token(token)).status == 404);
  CHECK(proven());
  (void)world.plane.ok("PATCH", "/admin/v1/users/" + ada.id, R"({"email": ")" + unique("new") + R"(@example.com"})");
  CHECK_FALSE(proven());
}

TEST_CASE("registration is closed unless it was opened, and open to the listed domains only") {
  const ControlPlane& shared = ControlPlane::shared();
  Browser stranger(shared);
  CHECK(stranger.call("POST", "/auth/v1/register", person("eve@example.com")).status == 403);
  const auto options = boost::json::parse(stranger.call("GET", "/auth/v1/options").body);
  CHECK_FALSE(options.at("registrationOpen").as_bool());
  CHECK_FALSE(options.at("passwordReset").as_bool());

  Open world;
  world.settings("sign-in", {{"allowedEmailDomains", {"Example.ORG"}}, {"verifyEmail", false}});
  Browser browser(world.plane);
  for (const char* email : {"eve@example.com", "eve@sub.example.org", "eve@example.org.evil.com"}) {
    INFO(email);
    CHECK(browser.call("POST", "/auth/v1/register", person(email)).status == 403);
  }
  CHECK(browser.call("POST", "/auth/v1/register", person("ada@EXAMPLE.org", "short")).status == 400);
  CHECK(browser.call("POST", "/auth/v1/register", person("a\\r\\nBcc: x@example.org")).status == 400);
  const HttpAnswer made = browser.call("POST", "/auth/v1/register", person("ada@EXAMPLE.org"));
  INFO(made.body);
  REQUIRE(made.status == 200);
  CHECK_FALSE(text_at(made.json(), "userId").empty());
  CHECK(browser.login("ada@example.org").status == 200);
  CHECK(browser.call("POST", "/auth/v1/register", person("ADA@example.org")).status == 409);
}

TEST_CASE("Turnstile is asked where the settings want it, and no is no") {
  Open world;
  Receiver turnstile;
  const Person ada = make_person(world.plane);
  world.settings(
      "sign-in",
      {{"turnstileSiteKey", "site"}, {"turnstileSecret", "turnstile-secret"}, {"turnstileUrl", turnstile.url()}});
  CHECK(world.plane.http("GET", "/admin/v1/sign-in/settings").body.find("turnstile-secret") == std::string::npos);
  CHECK(world.plane.http("PATCH", "/admin/v1/sign-in/settings", R"({"turnstileUrl": "http://127.0.0.1:9/"})").status ==
        400);
  Browser browser(world.plane);
  CHECK(text_at(browser.call("GET", "/auth/v1/options").json(), "turnstileSiteKey") == "site");
  const auto login = [&](const std::string& token) {
    return browser
        .call("POST", "/auth/v1/login",
              serialize(object{{"email", ada.email}, {"password", kPassword}, {"turnstileToken", token}}))
        .status;
  };
  CHECK(login("") == 400);
  CHECK(turnstile.received().empty());
  turnstile.body_next({R"({"success": false, "error-codes": ["timeout-or-duplicate"]})"});
  CHECK(login("used-token") == 400);
  turnstile.body_next({"not json"});
  CHECK(login("a-token") == 503);
  turnstile.body_next({R"({"success": true})"});
  CHECK(login("a-token") == 200);
  const std::string body = turnstile.received().back().body;
  const auto sent = boost::json::parse(body).as_object();
  CHECK(sent.at("secret") == "turnstile-secret");
  CHECK(sent.at("response") == "a-token");
  CHECK(sent.at("remoteip").as_string().starts_with("203.0.113."));
  CHECK(browser.call("POST", "/auth/v1/register", person("new@example.com")).status == 400);
  CHECK(browser.call("POST", "/auth/v1/password-reset", serialize(object{{"email", ada.email}})).status == 400);
}

TEST_CASE("settings of mail keep their secret and refuse what cannot work") {
  Open world;
  const auto patch = [&](const object& changes) {
    return world.plane.http("PATCH", "/admin/v1/mail/settings", serialize(changes));
  };
  const HttpAnswer set = patch({{"username", "sluice"}, {"password", "smtp-secret"}});
  REQUIRE(set.status == 200);
  CHECK(set.json().at("mailSettings").at("hasPassword").as_bool());
  CHECK(set.body.find("smtp-secret") == std::string::npos);
  CHECK(patch({{"host", "mail.example.com"}}).status == 400);  // the password is for the other one
  CHECK(patch({{"fromAddress", "a@b\r\nBcc: c@d"}}).status == 400);
  CHECK(patch({{"fromName", "a\nb"}}).status == 400);
  CHECK(patch({{"host", "127.0.0.1/x"}}).status == 400);
  CHECK(patch({{"port", 70'000}}).status == 400);
  CHECK(world.sql("SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%smtp-secret%'") == "0");

  const auto test = world.plane.ok("POST", "/admin/v1/mail/test", R"({"to": "ops@example.com"})");
  CHECK(test.at("sent").as_bool());
  CHECK_FALSE(world.mail_to("ops@example.com", 1).empty());
  world.server.answer("RCPT", "550 no such user");
  const auto refused = world.plane.ok("POST", "/admin/v1/mail/test", R"({"to": "ops@example.com"})");
  CHECK_FALSE(refused.at("sent").as_bool());
  CHECK(text_at(refused, "error").find("550") != std::string::npos);
}

}  // namespace sluice::testing
