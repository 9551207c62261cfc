#include "tests/integration/oauth/world.h"

namespace sluice::testing {

namespace {

// Whether the refresher of either replica has stored a further answer.
bool refreshed(World& world, std::int64_t generation) {
  return eventually(kGenerous, [&] { return world.grant().generation > generation; });
}

}  // namespace

TEST_CASE("of two replicas exactly one refreshes, each time") {
  World world;
  auto grant = world.log_in();
  world.a.start();
  world.b.start();
  for (int round = 1; round <= 10; ++round) {
    world.provider.delay_ms = round % 3 == 0 ? 60 : 0;
    world.make_due();
    REQUIRE(refreshed(world, grant.generation));
    grant = world.grant();
    CHECK(world.provider.refreshes() == round);
    CHECK(world.pushed() == world.provider.access_token());
    CHECK(world.stored_refresh() == world.provider.refresh_token());
  }
  CHECK(world.provider.asked() == 11);  // and the login
  CHECK_FALSE(world.provider.reuse_seen());
}

TEST_CASE("a credential that upstreams refuse is refreshed early, once per revision") {
  World world;
  const auto grant = world.log_in();
  world.a.start();
  world.b.start();
  for (int i = 0; i < 20; ++i) {
    world.a.refresher->credential_refused(world.account, static_cast<std::uint64_t>(grant.credential_revision));
    world.b.refresher->credential_refused(world.account, static_cast<std::uint64_t>(grant.credential_revision));
  }
  world.a.refresher->credential_refused("no id", 1);
  REQUIRE(refreshed(world, grant.generation));
  const auto next = world.grant();
  CHECK(next.credential_revision == grant.credential_revision + 1);
  // Late reports about the old revision change nothing; a sign that they were read is the one after them.
  world.a.refresher->credential_refused(world.account, static_cast<std::uint64_t>(grant.credential_revision));
  world.a.refresher->credential_refused(world.account, static_cast<std::uint64_t>(next.credential_revision));
  REQUIRE(refreshed(world, next.generation));
  CHECK(world.provider.refreshes() == 2);
}

TEST_CASE("a lost answer keeps the refresh token, and a provider that does not rotate gives another one") {
  World world;
  world.provider.rotates = false;
  const auto grant = world.log_in();
  const std::string refresh_token = world.stored_refresh();
  world.provider.lose_answers = 1;
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().failures == 1; }));
  auto failed = world.grant();
  CHECK(failed.state == store::GrantState::kActive);
  CHECK(failed.last_error.find("the answer was lost") == 0);
  CHECK(world.stored_refresh() == refresh_token);
  CHECK(*failed.refresh_at > world.a.clock.now() - std::chrono::seconds(1));
  world.make_due();
  REQUIRE(refreshed(world, grant.generation));
  CHECK(world.pushed() == world.provider.access_token());
  CHECK(world.grant().failures == 0);
}

TEST_CASE("a lost answer that held the only good token ends in a login, with the reasons kept") {
  World world;
  (void)world.log_in();
  world.provider.lose_answers = 1;
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().failures == 1; }));
  world.make_due();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().state == store::GrantState::kNeedsLogin; }));
  const auto dead = world.grant();
  CHECK(dead.last_error.find("invalid_grant") != std::string::npos);
  CHECK(dead.last_error.find("the answer was lost") != std::string::npos);
  CHECK_FALSE(dead.refresh_at.has_value());
  // The login, the lost one, and two looks; then no more.
  CHECK(world.provider.asked() == 4);
  world.a.stop();
  const auto again = world.log_in();
  CHECK(again.state == store::GrantState::kActive);
  CHECK(again.last_error.empty());
}

TEST_CASE("a provider that is busy is asked again with back-off, and the reason is kept") {
  World world;
  const auto grant = world.log_in();
  world.provider.busy_answers = 1;
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().failures == 1; }));
  const auto failed = world.grant();
  CHECK(failed.last_error.find("503 temporarily_unavailable") != std::string::npos);
  CHECK(*failed.refresh_at >= *failed.last_error_at + std::chrono::milliseconds(2'500));
  world.make_due();
  REQUIRE(refreshed(world, grant.generation));
  CHECK(world.grant().last_error.empty());
}

TEST_CASE("when a replica dies in the middle of a refresh, another takes over once the lease has ended") {
  World world(std::chrono::milliseconds(400));
  const auto grant = world.log_in();
  world.make_due();
  // What a process leaves behind that was killed after it had taken the lease.
  const auto held = world.a.must([&](db::Transaction& tx) {
    return store::claim_oauth_grant(tx, new_id(), world.a.clock.now(), std::chrono::milliseconds(400));
  });
  REQUIRE(held.has_value());
  const auto other = world.b.must([&](db::Transaction& tx) {
    return store::claim_oauth_grant(tx, new_id(), world.b.clock.now(), std::chrono::milliseconds(400));
  });
  CHECK_FALSE(other.has_value());
  world.b.start();
  REQUIRE(refreshed(world, grant.generation));
  CHECK(world.provider.refreshes() == 1);
}

TEST_CASE("a late replica neither overwrites newer tokens nor declares the login dead") {
  World world;
  const auto grant = world.log_in();
  const std::string access = world.pushed();
  const oauth::Tokens stale{Secret("late"), Secret("late-refresh"), std::chrono::seconds(60), {}};
  world.a.start();
  world.make_due();
  REQUIRE(refreshed(world, grant.generation));
  const bool kept = world.b.must([&](db::Transaction& tx) {
    return oauth::keep_refreshed(tx, world.b.vault, world.b.clock.now(), world.account, grant.generation, stale);
  });
  CHECK_FALSE(kept);
  const oauth::TokenFailure refused{oauth::TokenFailure::Kind::kInvalidGrant, "invalid_grant"};
  for (int i = 0; i < 3; ++i) {
    const auto noted = world.b.must([&](db::Transaction& tx) {
      return oauth::note_refresh_failure(tx, world.b.clock.now(), grant, refused, std::chrono::seconds(1));
    });
    CHECK(noted == oauth::FailureNoted::kOverlooked);
  }
  CHECK(world.grant().state == store::GrantState::kActive);
  CHECK(world.pushed() == world.provider.access_token());
  CHECK(world.pushed() != access);
}

TEST_CASE("a refused login is looked at twice before a person has to log in") {
  World world;
  (void)world.log_in();
  world.provider.revoke_all();
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().state == store::GrantState::kNeedsLogin; }));
  CHECK(world.provider.asked() == 3);
}

TEST_CASE("a credential that was replaced by hand is left alone") {
  World world;
  (void)world.log_in();
  world.a.must([&](db::Transaction& tx) {
    return store::put_credential(
        tx, {.account_id = world.account,
             .kind = store::CredentialKind::kApiKey,
             .sealed = world.a.vault.seal("account_credentials|" + world.account + "|sealed", Secret("by-hand")),
             .bound_hosts = {"example.com:443"}});
  });
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().state == store::GrantState::kReplaced; }));
  CHECK(world.pushed() == "by-hand");
}

TEST_CASE("a wrong client secret is no end of the login: it goes on once the client is corrected") {
  World world;
  const auto grant = world.log_in();
  const std::string right = world.client.sealed;
  world.change_client([&](store::OAuthClient& client) {
    client.sealed = world.a.vault.seal("oauth_clients|" + client.id + "|sealed", Secret("wrong"));
  });
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().failures == 1; }));
  CHECK(world.grant().last_error.find("invalid_client: who are you?") != std::string::npos);
  world.change_client([&](store::OAuthClient& client) { client.sealed = right; });
  world.a.must([&](db::Transaction& tx) { return store::retry_grants_of(tx, world.client.id, world.a.clock.now()); });
  REQUIRE(refreshed(world, grant.generation));
}

}  // namespace sluice::testing
