// What a first sign-in may and may not do to an account, and what happens at the same moment.
#include <thread>

#include "tests/integration/oidc/world.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace {

std::string sql(const ControlPlane& plane, const std::string& text) {
  return PostgresServer::shared().run(plane.database(), text);
}

}  // namespace

TEST_CASE("an account with a password is found by its address once that was proven") {
  OidcWorld world;
  const Person person = make_person(world.plane);
  const Someone someone{.subject = unique("s"), .email = person.email};
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, someone).status == 403);
  (void)sql(world.plane, "UPDATE users SET verified_email = email WHERE id = '" + person.id + "'");
  CHECK(world.sign_in(browser, someone).status == 200);
  CHECK(OidcWorld::who(browser) == person.id);
}

TEST_CASE("a sign-in proves the address of its user, and no other") {
  OidcWorld world;
  const Person person = make_invited(world.plane);
  Someone someone{.subject = unique("s"), .email = person.email};
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  const std::string verified = "SELECT verified_email FROM users WHERE id = '" + person.id + "'";
  CHECK(sql(world.plane, verified) == person.email);
  someone.email = unique("other") + "@example.test";
  REQUIRE(world.sign_in(browser, someone).status == 200);
  CHECK(sql(world.plane, verified) == person.email);
}

TEST_CASE("an address leads to its user once: whoever has it later is not him, and a subject never moves") {
  OidcWorld world;
  const Person person = make_invited(world.plane);
  const std::string subject = unique("s");
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, {.subject = subject, .email = person.email}).status == 200);
  Browser heir(world.plane);
  const Someone another{.subject = unique("s"), .email = person.email};
  CHECK(world.sign_in(heir, another).status == 403);
  CHECK(world.sign_in(browser, {.subject = subject, .email = make_invited(world.plane).email}).status == 200);
  CHECK(OidcWorld::who(browser) == person.id);
  // At another provider the address is as good as at this one.
  OidcWorld second;
  CHECK(second.sign_in(browser, another).status == 200);
  CHECK(OidcWorld::who(browser) == person.id);
  // Staff say that it is he.
  const std::string path = "/admin/v1/users/" + person.id + "/identities";
  for (const auto& one : world.plane.ok("GET", path).at("identities").as_array())
    (void)world.plane.ok("DELETE", path + "/" + text_at(one, "id"));
  CHECK(world.sign_in(heir, another).status == 200);
  CHECK(OidcWorld::who(heir) == person.id);
}

TEST_CASE("the same subject at another provider is somebody else") {
  OidcWorld world;
  OidcWorld other;
  const Person person = make_invited(world.plane);
  const std::string subject = unique("s");
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, {.subject = subject, .email = person.email}).status == 200);
  Browser stranger(world.plane);
  CHECK(other.sign_in(stranger, {.subject = subject, .email = unique("x") + "@example.test"}).status == 403);
}

TEST_CASE("of many who finish one sign-in at two replicas one comes in, and the provider is asked once") {
  OidcWorld world;
  const auto replica = world.plane.replica();
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  const Begun begun = world.begin(Browser(world.plane));
  const std::string code = world.idp.agree(begun.url, someone);
  std::atomic<int> in = 0;
  std::atomic<int> out = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, browser = Browser(i % 2 == 0 ? world.plane : *replica)]() mutable {
        const int status = OidcWorld::finish(browser, begun, code).status;
        ++(status == 200 ? in : out);
      });
    }
  }
  CHECK(in == 1);
  CHECK(out == 7);
  CHECK(world.idp.exchanges() == 1);
}

TEST_CASE("one stranger at several places gets one account") {
  OidcWorld world(ControlPlane::shared(), {{"createUsers", true}});
  const Someone someone{.subject = unique("s"), .email = unique("many") + "@example.test"};
  std::vector<Begun> begun;
  std::vector<std::string> codes;
  for (int i = 0; i < 6; ++i) {
    begun.push_back(world.begin(Browser(world.plane)));
    codes.push_back(world.idp.agree(begun.back().url, someone));
  }
  std::atomic<int> in = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < begun.size(); ++i) {
      threads.emplace_back([&, i, browser = Browser(world.plane)]() mutable {
        const int status = OidcWorld::finish(browser, begun[i], codes[i]).status;
        if (status == 200) ++in;
      });
    }
  }
  CHECK(in == 6);
  CHECK(sql(world.plane, "SELECT count(*) FROM users WHERE email = '" + someone.email + "'") == "1");
  CHECK(sql(world.plane, "SELECT count(*) FROM oidc_identities WHERE subject = '" + someone.subject + "'") == "1");
}

TEST_CASE("new users get what the settings say, and everything is on record") {
  const ControlPlane plane;
  OidcWorld world(plane, {{"createUsers", true}});
  (void)plane.ok("PATCH", "/admin/v1/sign-in/settings", R"({"newUserConcurrency": 7, "newUserCreditUsd": "2.5"})");
  Browser browser(plane);
  const Someone someone{.subject = unique("s"), .email = unique("x") + "@example.test"};
  const HttpAnswer answer = world.sign_in(browser, someone);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  const auto user = plane.ok("GET", "/admin/v1/users/" + OidcWorld::who(browser)).at("user");
  CHECK(text_at(user, "balanceUsd") == "2.5");
  CHECK(user.at("concurrency").as_int64() == 7);
  CHECK(sql(plane,
            "SELECT string_agg(action, ' ' ORDER BY action) FROM audit_log WHERE action ~ "
            "'^(user|session|oidc_provider)'") == "oidc_provider.create session.create user.create_by_identity");
  CHECK(sql(plane, "SELECT count(*) FROM audit_log WHERE action <> 'user.create_by_identity' AND actor = '" +
                       OidcWorld::who(browser) + "'") == "1");
}

TEST_CASE("sign-ins that nobody finished are dropped") {
  const ControlPlane plane;
  const OidcWorld world(plane);
  (void)world.begin(Browser(plane));
  (void)sql(plane, "UPDATE oidc_logins SET expires_at = now() - interval '1 minute'");
  (void)world.begin(Browser(plane));
  (void)plane.ok("POST", "/admin/v1/jobs/drop_sessions/trigger", "{}");
  CHECK(eventually(kGenerous, [&] { return sql(plane, "SELECT count(*) FROM oidc_logins") == "1"; }));
}

TEST_CASE("a person is told of a new way into his account") {
  const ControlPlane plane;
  OidcWorld world(plane);
  const auto told = [&](const Person& person) {
    return sql(plane,
               "SELECT count(*) FROM mails WHERE subject LIKE 'A new way%' AND recipient = '" + person.email + "'");
  };
  const Person silent = make_invited(plane);
  Browser browser(plane);
  REQUIRE(world.sign_in(browser, {.subject = unique("s"), .email = silent.email}).status == 200);
  CHECK(told(silent) == "0");
  (void)sql(plane, "UPDATE mail_settings SET enabled = true, host = '127.0.0.1', from_address = 'a@example.com'");
  const Person found = make_invited(plane);
  const Someone someone{.subject = unique("s"), .email = found.email};
  REQUIRE(world.sign_in(browser, someone).status == 200);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  CHECK(told(found) == "1");
  const Person staff = make_person(plane, "USER_ROLE_ADMIN");
  Browser admin(plane);
  REQUIRE(admin.login(staff.email).status == 200);
  world.link_to(admin, {.subject = unique("s")});
  CHECK(told(staff) == "1");
}

}  // namespace sluice::testing
