// What people do with their own identities, and staff with those of others.
#include "tests/integration/oidc/world.h"

namespace sluice::testing {

namespace {

std::string identity_of(const Browser& browser) {
  const auto all = browser.call("GET", "/admin/v1/me/identities").json().at("identities").as_array();
  REQUIRE(all.size() == 1);
  return text_at(all[0], "id");
}

}  // namespace

TEST_CASE("a member of the staff links an identity with his password, and signs in through it") {
  OidcWorld world;
  const Person owner = make_person(world.plane, "USER_ROLE_OWNER");
  // Not even the address is the same, or verified.
  const Someone someone{.subject = unique("s"), .email = unique("x") + "@example.test", .email_verified = false};
  Browser browser(world.plane);
  Browser through(world.plane);
  CHECK(world.sign_in(through, someone).status == 403);
  CHECK(browser.call("POST", "/admin/v1/me/identities/begin", "{}").status == 401);
  REQUIRE(browser.login(owner.email).status == 200);
  CHECK(world.begin_link(browser, "not his password").status == 400);
  world.link_to(browser, someone);
  REQUIRE(world.sign_in(through, someone).status == 200);
  CHECK(OidcWorld::who(through) == owner.id);
  const auto listed = browser.call("GET", "/admin/v1/me/identities").json().at("identities").as_array();
  REQUIRE(listed.size() == 1);
  CHECK(text_at(listed[0], "link") == "IDENTITY_LINK_SELF");
  CHECK(browser.call("DELETE", "/admin/v1/me/identities/" + identity_of(browser)).status == 200);
  CHECK(world.sign_in(through, someone).status == 403);
}

TEST_CASE("nobody links what another began, or to another, and a sign-in is no link") {
  OidcWorld world;
  const Someone someone{.subject = unique("s")};
  Browser victim(world.plane);
  Browser attacker(world.plane);
  REQUIRE(victim.login(make_person(world.plane).email).status == 200);
  REQUIRE(attacker.login(make_person(world.plane).email).status == 200);
  const Begun theirs = OidcWorld::begun_in(world.begin_link(attacker));
  CHECK(OidcWorld::link(victim, theirs, world.idp.agree(theirs.url, someone)).status == 404);
  CHECK(OidcWorld::finish(attacker, theirs, world.idp.agree(theirs.url, someone)).status == 404);
  const Begun sign_in = world.begin(attacker);
  CHECK(OidcWorld::link(attacker, sign_in, world.idp.agree(sign_in.url, someone)).status == 404);
  // A subject belongs to one user.
  world.link_to(victim, someone);
  const Begun late = OidcWorld::begun_in(world.begin_link(attacker));
  CHECK(OidcWorld::link(attacker, late, world.idp.agree(late.url, someone)).status == 409);
  CHECK(attacker.call("DELETE", "/admin/v1/me/identities/" + identity_of(victim)).status == 404);
  CHECK(attacker.call("GET", "/admin/v1/users/" + OidcWorld::who(victim) + "/identities").status == 403);
  // Once it was let go it may be another's.
  CHECK(victim.call("DELETE", "/admin/v1/me/identities/" + identity_of(victim)).status == 200);
  world.link_to(attacker, someone);
  CHECK(victim.call("GET", "/admin/v1/me/identities").json().at("identities").as_array().empty());
}

TEST_CASE("what somebody unlinked is not tied again by his address") {
  OidcWorld world(ControlPlane::shared(), {{"createUsers", true}});
  const Someone someone{.subject = unique("s"), .email = unique("x") + "@example.test"};
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  const std::string id = OidcWorld::who(browser);
  // His only way in.
  const std::string path = "/admin/v1/me/identities/" + identity_of(browser);
  CHECK(browser.call("DELETE", path).status == 409);
  CHECK(world.begin_link(browser, "").status == 409);
  (void)world.plane.ok("POST", "/admin/v1/users/" + id + "/password",
                       R"({"password": ")" + std::string(kPassword) + R"("})");
  REQUIRE(browser.login(someone.email).status == 200);
  CHECK(browser.call("DELETE", path).status == 200);
  Browser again(world.plane);
  CHECK(world.sign_in(again, someone).status == 403);
  world.link_to(browser, someone);
  CHECK(world.sign_in(again, someone).status == 200);
  CHECK(OidcWorld::who(again) == id);
}

TEST_CASE("staff end identities of those whom they may manage") {
  OidcWorld world;
  const Someone someone{.subject = unique("s")};
  Browser owner(world.plane);
  Browser admin(world.plane);
  const Person person = make_person(world.plane, "USER_ROLE_OWNER");
  REQUIRE(owner.login(person.email).status == 200);
  REQUIRE(admin.login(make_person(world.plane, "USER_ROLE_ADMIN").email).status == 200);
  world.link_to(owner, someone);
  const std::string path = "/admin/v1/users/" + person.id + "/identities";
  const std::string id = text_at(admin.call("GET", path).json().at("identities").at(0), "id");
  CHECK(admin.call("DELETE", path + "/" + id).status == 403);
  CHECK(world.plane.http("DELETE", path + "/" + id).status == 200);
  CHECK(world.plane.http("DELETE", path + "/" + id).status == 404);
}

}  // namespace sluice::testing
