#include <thread>

#include "tests/integration/oauth/world.h"

namespace sluice::testing {

TEST_CASE("a login begun on one replica is finished on another, and the tokens lie sealed") {
  World world;
  const auto grant = world.log_in();
  CHECK(grant.state == store::GrantState::kActive);
  CHECK(world.pushed() == world.provider.access_token());
  CHECK(world.stored_refresh() == world.provider.refresh_token());
  CHECK(world.provider.user_agent() == "Sluice/test");
  const auto credential = world.a.must([&](db::Transaction& tx) { return store::get_credential(tx, world.account); });
  CHECK(credential.kind == store::CredentialKind::kAccessToken);
  CHECK(credential.sealed.find(world.provider.access_token()) == std::string::npos);
  CHECK(grant.sealed.find(world.provider.refresh_token()) == std::string::npos);
  REQUIRE(grant.refresh_at.has_value());
  // A quarter of an hour ahead of the end, and up to half of that more by chance.
  const auto lead = *grant.access_expires_at - *grant.refresh_at;
  CHECK(lead >= std::chrono::minutes(15));
  CHECK(lead <= std::chrono::seconds(1'350));
}

TEST_CASE("the access token goes to the nodes by the change log") {
  World world;
  const auto before = world.a.must([](db::Transaction& tx) { return store::current_version(tx); });
  (void)world.log_in();
  const auto changes = world.a.must([&](db::Transaction& tx) { return store::changes_since(tx, before.number, 10); });
  REQUIRE(changes.rows.size() == 1);
  CHECK(changes.rows[0].kind == config::v1::KIND_CREDENTIAL);
  CHECK(changes.rows[0].object_id == world.account);
}

TEST_CASE("a redirect is good once, also when two replicas get it at the same moment") {
  World world;
  const auto login = world.begin(world.a);
  const std::string redirect = world.provider.agree(login.authorize_url);
  std::atomic<int> good = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (Replica* at : {&world.a, &world.b, &world.a, &world.b}) {
    threads.emplace_back([&, at] {
      const auto grant = world.finish(*at, login.id, redirect);
      if (grant)
        ++good;
      else if (grant.error().code == ErrorCode::kNotFound)
        ++refused;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(good == 1);
  CHECK(refused == 3);
  CHECK(world.provider.asked() == 1);
  CHECK(world.finish(world.a, login.id, redirect).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a code alone finishes the login that it is pasted for") {
  World world;
  const auto login = world.begin(world.a);
  const std::string redirect = world.provider.agree(login.authorize_url);
  const auto returned = oauth::parse_pasted(redirect);
  REQUIRE(returned.has_value());
  const auto grant = world.finish(world.b, login.id, std::string(returned->code.reveal()));
  CHECK(grant.has_value());
}

TEST_CASE("the answer to one login does not finish another, and both stay good") {
  World world;
  const auto mine = world.begin(world.a);
  const auto theirs = world.begin(world.a);
  const std::string redirect = world.provider.agree(theirs.authorize_url);
  CHECK(world.finish(world.a, mine.id, redirect).error().code == ErrorCode::kInvalidArgument);
  CHECK(world.finish(world.a, theirs.id, redirect).has_value());
  CHECK(world.finish(world.a, mine.id, world.provider.agree(mine.authorize_url)).has_value());
}

TEST_CASE("a state that was never given out, and one that is too old, are refused without asking the provider") {
  World world;
  const auto login = world.begin(world.a);
  const std::string redirect = world.provider.agree(login.authorize_url);
  const std::string forged = redirect.substr(0, redirect.size() - 4) + "AAAA";
  CHECK(world.finish(world.a, login.id, forged).error().code == ErrorCode::kNotFound);
  world.a.must(
      [&](db::Transaction& tx) { return tx.exec("UPDATE oauth_logins SET expires_at = now() - interval '1 second'"); });
  CHECK(world.finish(world.a, login.id, redirect).error().code == ErrorCode::kNotFound);
  CHECK(world.provider.asked() == 0);
}

TEST_CASE("a code of somebody else's login fails at PKCE") {
  World world;
  const auto mine = world.begin(world.a);
  const auto theirs = world.begin(world.a);
  const auto code = oauth::parse_pasted(world.provider.agree(theirs.authorize_url));
  REQUIRE(code.has_value());
  const auto grant = world.finish(world.a, mine.id, std::string(code->code.reveal()));
  REQUIRE_FALSE(grant.has_value());
  CHECK(grant.error().code == ErrorCode::kFailedPrecondition);
  CHECK(grant.error().message.find("invalid_grant") != std::string::npos);
}

TEST_CASE("the token endpoint is not followed elsewhere, nor believed without bounds") {
  World world;
  const auto attempt = [&] {
    const auto login = world.begin(world.a);
    return world.finish(world.a, login.id, world.provider.agree(login.authorize_url));
  };
  world.provider.redirects = true;
  CHECK_FALSE(attempt().has_value());
  CHECK(world.provider.asked() == 1);
  world.provider.redirects = false;
  world.provider.padding = 300 * 1024;
  CHECK_FALSE(attempt().has_value());
  world.provider.padding = 0;
  world.provider.delay_ms = 100'000;
  world.a.context.fetch.limits.total = std::chrono::milliseconds(200);
  CHECK(attempt().error().code == ErrorCode::kUnavailable);
  world.provider.delay_ms = 0;
  world.a.context.fetch.allowed_networks.clear();
  const int asked = world.provider.asked();
  const auto internal = attempt();
  REQUIRE_FALSE(internal.has_value());
  CHECK(internal.error().message.find("internal address") != std::string::npos);
  CHECK(world.provider.asked() == asked);
}

}  // namespace sluice::testing
