// ID tokens that are not what they should be, and providers that misbehave: nobody comes in.
#include <chrono>
#include <thread>

#include "tests/integration/oidc/world.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace {

using boost::json::array;
using boost::json::object;

std::int64_t seconds_from_now(std::int64_t more) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count() +
         more;
}

struct Case {
  const char* what;
  TokenShape shape;
  const char* said;
};

}  // namespace

TEST_CASE("an ID token that is not right lets nobody in") {
  OidcWorld world;
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  const std::vector<Case> cases{
      {"alg none", {.algorithm = "none"}, "RS256 or ES256"},
      {"alg none, without a key's name", {.algorithm = "none", .names_key = false}, "RS256 or ES256"},
      {"alg in other letters", {.header = {{"alg", "nOnE"}}}, "RS256 or ES256"},
      {"HS256 with the public key", {.algorithm = "HS256"}, "RS256 or ES256"},
      {"the public key's MAC called RS256", {.algorithm = "HS256", .header = {{"alg", "RS256"}}}, "wrong signature"},
      {"RSA called ES256", {.header = {{"alg", "ES256"}, {"kid", nullptr}}}, "wrong signature"},
      {"RSA's key called ES256", {.header = {{"alg", "ES256"}}}, "does not publish"},
      {"a forged signature", {.forged = true}, "wrong signature"},
      {"a key that nobody published", {.header = {{"kid", "another"}}}, "does not publish"},
      {"a key's name as a path", {.header = {{"kid", "../../../dev/null"}}}, "does not publish"},
      {"a key's name as SQL", {.header = {{"kid", "' OR '1'='1"}}}, "does not publish"},
      {"its own key", {.forged = true, .header = {{"jwk", object{{"kty", "RSA"}}}}}, "wrong signature"},
      {"critical extensions", {.header = {{"crit", array{"exp"}}}}, "extensions"},
      {"another issuer", {.claims = {{"iss", "https://evil.example"}}}, "(iss)"},
      {"the issuer with a slash", {.claims = {{"iss", world.idp.issuer() + "/"}}}, "(iss)"},
      {"another audience", {.claims = {{"aud", "another client"}}}, "(aud)"},
      {"no audience", {.claims = {{"aud", nullptr}}}, "(aud)"},
      {"other audiences", {.claims = {{"aud", array{"a", "b"}}}}, "(aud)"},
      {"several audiences", {.claims = {{"aud", array{"a", Idp::kClientId}}}}, "(azp)"},
      {"several, for another", {.claims = {{"aud", array{"a", Idp::kClientId}}, {"azp", "a"}}}, "(azp)"},
      {"for another party", {.claims = {{"azp", "a"}}}, "(azp)"},
      {"expired", {.claims = {{"exp", seconds_from_now(-180)}}}, "(exp)"},
      {"no end", {.claims = {{"exp", nullptr}}}, "(exp)"},
      {"an end in words", {.claims = {{"exp", "tomorrow"}}}, "(exp)"},
      {"from the future", {.claims = {{"iat", seconds_from_now(600)}}}, "(iat)"},
      {"no beginning", {.claims = {{"iat", nullptr}}}, "(iat)"},
      {"not yet", {.claims = {{"nbf", seconds_from_now(600)}}}, "(nbf)"},
      {"another nonce", {.claims = {{"nonce", "another"}}}, "(nonce)"},
      {"no nonce", {.claims = {{"nonce", nullptr}}}, "(nonce)"},
      {"no subject", {.claims = {{"sub", nullptr}}}, "(sub)"},
      {"an empty subject", {.claims = {{"sub", ""}}}, "(sub)"},
      {"a long subject", {.claims = {{"sub", std::string(256, 's')}}}, "(sub)"},
      {"a long token", {.claims = {{"more", std::string(40'000, 'x')}}}, "too long"},
  };
  Browser browser(world.plane);
  for (const Case& one : cases) {
    INFO(one.what);
    world.idp.shape(one.shape);
    const HttpAnswer answer = world.sign_in(browser, someone);
    INFO(answer.body);
    CHECK(answer.status == 401);
    CHECK(detail_of(answer).find(one.said) != std::string::npos);
    CHECK(answer.header("set-cookie").empty());
  }
  world.idp.shape({});
  CHECK(world.sign_in(browser, someone).status == 200);
}

TEST_CASE("clocks may differ by less than two minutes, and several audiences name ours") {
  OidcWorld world;
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  Browser browser(world.plane);
  world.idp.shape({.claims = {{"exp", seconds_from_now(-60)}, {"iat", seconds_from_now(60)}}});
  CHECK(world.sign_in(browser, someone).status == 200);
  world.idp.shape({.claims = {{"aud", array{"a", Idp::kClientId}}, {"azp", Idp::kClientId}}});
  CHECK(world.sign_in(browser, someone).status == 200);
  world.idp.shape({.claims = {{"aud", array{Idp::kClientId}}, {"email_verified", "true"}}});
  CHECK(world.sign_in(browser, someone).status == 200);
  world.idp.shape({.names_key = false});
  CHECK(world.sign_in(browser, someone).status == 200);
}

TEST_CASE("new keys are read once when a token names one") {
  OidcWorld world;
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  Browser browser(world.plane);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  REQUIRE(world.sign_in(browser, someone).status == 200);
  CHECK(world.idp.key_reads() == 1);
  world.idp.rotate_keys();
  CHECK(world.sign_in(browser, someone).status == 200);
  CHECK(world.idp.key_reads() == 2);
  world.idp.shape({.algorithm = "ES256"});
  CHECK(world.sign_in(browser, someone).status == 200);
  CHECK(world.idp.key_reads() == 2);
}

TEST_CASE("the secret goes as the provider wants it") {
  OidcWorld world;
  world.idp.wants_form = true;
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, someone).status == 200);
}

TEST_CASE("a redirect of another provider is refused where the provider names itself") {
  OidcWorld world;
  world.idp.names_itself = true;
  const Someone someone{.subject = unique("s"), .email = make_invited(world.plane).email};
  Browser browser(world.plane);
  CHECK(world.sign_in(browser, someone).status == 401);
  for (const auto& [issuer, status] :
       {std::pair<std::string, int>{"https://evil.example", 401}, {world.idp.issuer(), 200}}) {
    const Begun begun = world.begin(browser);
    CHECK(OidcWorld::finish(browser, begun, world.idp.agree(begun.url, someone), {{"issuer", issuer}}).status ==
          status);
  }
}

TEST_CASE("a provider that lies, is away or says too much takes nobody in") {
  OidcWorld world;
  // From another network each time: beginnings are counted.
  const auto begin = [](const OidcWorld& at) {
    return Browser(at.plane).call("POST", "/auth/v1/oidc/" + at.slug + "/begin", "{}");
  };
  world.idp.lies = true;
  const HttpAnswer answer = begin(world);
  CHECK(answer.status == 503);
  // The cause is for those who can do something about it.
  CHECK(answer.body.find(world.idp.issuer()) == std::string::npos);
  CHECK(detail_of(world.plane.http("POST", world.path() + "/test", "{}")).find("another issuer") != std::string::npos);
  world.idp.lies = false;
  // It is not asked again for some seconds.
  CHECK(eventually(kGenerous, [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return begin(world).status == 200;
  }));

  OidcWorld away;
  away.idp.away = true;
  CHECK(begin(away).status == 503);
  OidcWorld verbose;
  verbose.idp.padding = 300 * 1024;
  CHECK(begin(verbose).status == 503);

  OidcWorld breaks;
  Browser person(breaks.plane);
  const Begun begun = breaks.begin(person);
  const std::string code = breaks.idp.agree(begun.url, {.subject = "s", .email = make_invited(breaks.plane).email});
  breaks.idp.away = true;
  CHECK(OidcWorld::finish(person, begun, code).status == 503);
  breaks.idp.away = false;
  CHECK(OidcWorld::finish(person, begun, code).status == 404);
}

}  // namespace sluice::testing
