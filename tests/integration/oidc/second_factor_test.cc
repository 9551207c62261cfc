// A second factor is asked for after the provider, too: the code of the redirect is exchanged once, and its answer
// kept.
#include <thread>

#include "tests/integration/oidc/totp_texts.h"
#include "tests/integration/oidc/world.h"

namespace sluice::testing {

namespace {

using boost::json::object;
using boost::json::serialize;

struct Guarded {
  OidcWorld world;
  Person person = make_person(world.plane);
  Someone someone{.subject = unique("s"), .email = person.email};
  std::string secret;
  std::vector<std::string> recovery_codes;

  // A plain user with a password, a linked identity and a second factor.
  Guarded() {
    Browser browser(world.plane);
    REQUIRE(browser.login(person.email).status == 200);
    world.link_to(browser, someone);
    const HttpAnswer begun =
        browser.call("POST", "/admin/v1/me/totp", serialize(object{{"currentPassword", kPassword}}));
    REQUIRE(begun.status == 200);
    secret = text_at(begun.json(), "secret");
    const HttpAnswer confirmed =
        browser.call("POST", "/admin/v1/me/totp/confirm", serialize(object{{"code", totp_now(secret)}}));
    REQUIRE(confirmed.status == 200);
    for (const auto& code : confirmed.json().at("recoveryCodes").as_array())
      recovery_codes.emplace_back(code.as_string());
  }

  // As far as the question for the second factor.
  Begun ask(Browser& browser) {
    const Begun begun = world.begin(browser);
    const HttpAnswer answer = OidcWorld::finish(browser, begun, world.idp.agree(begun.url, someone));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    CHECK(answer.json().at("secondFactorNeeded").as_bool());
    CHECK(answer.header("set-cookie").empty());
    CHECK_FALSE(browser.in());
    return begun;
  }
  static HttpAnswer repeat(Browser& browser, const Begun& begun, const std::string& code) {
    return OidcWorld::finish(browser, begun, "", {{"secondFactorCode", code}});
  }
};

}  // namespace

TEST_CASE("a second factor is asked for after the provider, without asking the provider again") {
  Guarded guarded;
  Browser browser(guarded.world.plane);
  const Begun begun = guarded.ask(browser);
  const int exchanges = guarded.world.idp.exchanges();
  Begun elsewhere = begun;
  elsewhere.binding = "another";
  CHECK(Guarded::repeat(browser, elsewhere, guarded.recovery_codes[0]).status == 404);
  CHECK(Guarded::repeat(browser, begun, "000000").status == 401);
  // The code of the redirect is spent: only the second factor is wanted.
  CHECK(OidcWorld::finish(browser, begun, "any").status == 404);
  CHECK(OidcWorld::finish(browser, begun, "any", {{"secondFactorCode", guarded.recovery_codes[0]}}).status == 400);
  const auto replica = guarded.world.plane.replica();
  browser.use(*replica);
  const HttpAnswer answer = Guarded::repeat(browser, begun, guarded.recovery_codes[0]);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("session").at("secondFactor").as_bool());
  CHECK(OidcWorld::who(browser) == guarded.person.id);
  CHECK(guarded.world.idp.exchanges() == exchanges);
  // It was used.
  Browser again(guarded.world.plane);
  CHECK(Guarded::repeat(again, begun, guarded.recovery_codes[1]).status == 404);
  CHECK_FALSE(again.in());
}

TEST_CASE("guesses at a second factor are counted") {
  Guarded guarded;
  Browser browser(guarded.world.plane);
  const Begun begun = guarded.ask(browser);
  int wrong = 0;
  HttpAnswer answer;
  for (int i = 0; i < 40 && answer.status != 429; ++i) {
    answer = Guarded::repeat(browser, begun, "000000");
    if (answer.status == 401) ++wrong;
  }
  CHECK(answer.status == 429);
  CHECK(wrong >= 10);
  // The same account's passwords are guessed at with the same attempts.
  CHECK(browser.login(guarded.person.email).status == 429);
}

TEST_CASE("who was disabled while his second factor was asked for does not come in") {
  Guarded guarded;
  Browser browser(guarded.world.plane);
  const Begun begun = guarded.ask(browser);
  (void)guarded.world.plane.ok("PATCH", "/admin/v1/users/" + guarded.person.id,
                               R"({"status": "USER_STATUS_DISABLED"})");
  CHECK(Guarded::repeat(browser, begun, guarded.recovery_codes[0]).status == 403);
  CHECK_FALSE(browser.in());
}

TEST_CASE("of two with the same second step one comes in") {
  Guarded guarded;
  Browser first(guarded.world.plane);
  const Begun begun = guarded.ask(first);
  Browser second(guarded.world.plane);
  HttpAnswer one;
  HttpAnswer two;
  {
    const std::jthread other([&] { two = Guarded::repeat(second, begun, guarded.recovery_codes[1]); });
    one = Guarded::repeat(first, begun, guarded.recovery_codes[0]);
  }
  INFO(one.body << two.body);
  CHECK((one.status == 200) + (two.status == 200) == 1);
  CHECK(first.in() != second.in());
}

}  // namespace sluice::testing
