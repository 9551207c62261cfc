#include "controlplane/oauth/texts.h"

#include <catch2/catch.hpp>
#include <set>

#include "controlplane/oauth/plan.h"

namespace sluice::oauth {

namespace {

// code|state|error, or "refused".
std::string pasted(std::string_view text) {
  const auto found = parse_pasted(text);
  if (!found) return "refused";
  return std::string(found->code.reveal()) + "|" + std::string(found->state.reveal()) + "|" + found->error;
}

}  // namespace

TEST_CASE("what people paste is understood") {
  CHECK(pasted("http://localhost:1455/callback?code=a%2Fb+c&state=s&scope=x") == "a/b c|s|");
  CHECK(pasted(" \"https://gw.example/oauth/callback?state=s&code=c#fragment\"\n") == "c|s|");
  CHECK(pasted("?code=c&state=s") == "c|s|");
  CHECK(pasted("code=c&state=s") == "c|s|");
  CHECK(pasted("state=s&code=c") == "c|s|");
  CHECK(pasted("c#s") == "c|s|");
  CHECK(pasted("4/0AbC-d_e") == "4/0AbC-d_e||");
  CHECK(pasted("error=access_denied&state=s") == "|s|access_denied");
  CHECK(pasted("https://gw.example/cb?error=access_denied&state=s") == "|s|access_denied");
  CHECK(pasted("code=100%&state=%zz") == "100%|%zz|");
}

TEST_CASE("what cannot be a redirect is refused") {
  CHECK(pasted("") == "refused");
  CHECK(pasted("  \n") == "refused");
  CHECK(pasted("https://gw.example/cb") == "refused");
  CHECK(pasted("https://gw.example/cb?state=s") == "refused");
  CHECK(pasted("#s") == "refused");
  CHECK(pasted(std::string(9'000, 'c')) == "refused");
}

TEST_CASE("the challenge is that of RFC 7636, appendix B") {
  CHECK(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("states are long, URL-safe and never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string state = random_text();
    CHECK(state.size() == kStateLength);
    CHECK(state.find_first_of("+/= &%") == std::string::npos);
    seen.insert(state);
  }
  CHECK(seen.size() == 1'000);
}

TEST_CASE("no field can break out of the authorize URL") {
  store::OAuthClient client;
  client.authorize_url = "https://login.example/authorize?tenant=1";
  client.client_id = "id&state=forged";
  client.redirect_url = "https://gw.example/oauth/callback";
  client.scopes = {"a b", "c&d"};
  client.authorize_params = {"prompt=consent", "hint=x=y#z"};
  CHECK(authorize_url(client, "S", "C") ==
        "https://login.example/authorize?tenant=1&response_type=code&client_id=id%26state%3Dforged&"
        "redirect_uri=https%3A%2F%2Fgw.example%2Foauth%2Fcallback&scope=a%20b%20c%26d&state=S&code_challenge=C&"
        "code_challenge_method=S256&prompt=consent&hint=x%3Dy%23z");
}

TEST_CASE("tokens are refreshed well ahead of their end, and not all at once") {
  const SystemTime now{std::chrono::hours(1'000'000)};
  std::set<SystemTime> times;
  for (int i = 0; i < 200; ++i) {
    for (const int minutes : {1, 60, 480}) {
      const std::chrono::seconds life = std::chrono::minutes(minutes);
      const SystemTime at = refresh_time(now, life);
      const auto lead = now + life - at;
      const auto least = std::min<std::chrono::microseconds>(life / 4, std::chrono::minutes(30));
      CHECK(at > now);
      CHECK(lead >= least);
      CHECK(lead <= least * 3 / 2);
      times.insert(at);
    }
  }
  CHECK(times.size() > 500);
  const SystemTime unknown = refresh_time(now, std::nullopt);
  CHECK(unknown >= now + std::chrono::minutes(30));
  CHECK(unknown <= now + std::chrono::minutes(45));
}

TEST_CASE("pauses grow, are bounded, and respect what the provider asked for") {
  using std::chrono::seconds;
  for (int i = 0; i < 100; ++i) {
    CHECK(retry_pause(1, std::nullopt) >= std::chrono::milliseconds(2'500));
    CHECK(retry_pause(1, std::nullopt) <= seconds(5));
    CHECK(retry_pause(4, std::nullopt) >= seconds(20));
    CHECK(retry_pause(1'000'000, std::nullopt) >= seconds(300));
    CHECK(retry_pause(1'000'000, std::nullopt) <= seconds(600));
    CHECK(retry_pause(1, seconds(900)) == seconds(900));
  }
}

}  // namespace sluice::oauth
