#include "controlplane/oauth/google.h"

#include "controlplane/oauth/reseal.h"
#include "tests/integration/oauth/world.h"
#include "tests/support/egress_proxy.h"

namespace sluice::testing {

TEST_CASE("a Code Assist account gets its project, at once or by being onboarded") {
  World world;
  world.provider.names_project = GENERATE(true, false);
  world.change_client([&](store::OAuthClient& client) {
    client.google_kind = "code_assist";
    client.code_assist_url = world.provider.url("");
  });
  (void)world.log_in();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().facts_at.has_value(); }));
  const auto grant = world.grant();
  CHECK(grant.google_tier == "free-tier");
  CHECK(grant.google_project == (world.provider.names_project ? "project-known" : "project-made"));
  CHECK(world.provider.onboardings() == (world.provider.names_project ? 0 : 3));
}

TEST_CASE("a Google One tier follows the Drive storage, and is read again when asked for") {
  World world;
  world.change_client([&](store::OAuthClient& client) {
    client.google_kind = "google_one";
    client.drive_url = world.provider.url("");
  });
  (void)world.log_in();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().google_tier == "FREE"; }));
  world.provider.drive_limit = std::int64_t{2} << 40;
  const auto due = world.a.must(
      [&](db::Transaction& tx) { return store::make_facts_due(tx, {world.account}, world.a.clock.now()); });
  CHECK(due == 1);
  REQUIRE(eventually(kGenerous, [&] { return world.grant().google_tier == "AI_PREMIUM"; }));
  CHECK(world.grant().drive_limit_bytes == std::int64_t{2} << 40);
  CHECK(world.grant().drive_used_bytes == 7);
}

TEST_CASE("storage sizes name tiers") {
  const auto [size_gib, tier] = GENERATE(table<std::int64_t, std::string>({{0, "GOOGLE_ONE_UNKNOWN"},
                                                                           {14, "GOOGLE_ONE_UNKNOWN"},
                                                                           {15, "FREE"},
                                                                           {100, "GOOGLE_ONE_BASIC"},
                                                                           {200, "GOOGLE_ONE_STANDARD"},
                                                                           {2'048, "AI_PREMIUM"},
                                                                           {102'400, "AI_PREMIUM"},
                                                                           {102'401, "GOOGLE_ONE_UNLIMITED"}}));
  CHECK(oauth::tier_of_drive(size_gib << 30) == tier);
}

TEST_CASE("an account's login and refresh go through its proxy, never around it") {
  const auto kind = GENERATE(EgressProxy::Kind::kHttpConnect, EgressProxy::Kind::kSocks5);
  EgressProxy proxy(kind, "user", "password");
  World world;
  store::EgressProxy row{.id = new_id(), .name = "proxy", .url = proxy.url(), .username = "user"};
  row.sealed = world.a.vault.seal("egress_proxies|" + row.id + "|sealed", Secret("password"));
  world.a.must([&](db::Transaction& tx) -> Result<> {
    auto stored = store::insert_egress_proxy(tx, row);
    if (!stored) return std::unexpected(stored.error());
    auto account = store::get_account(tx, world.account);
    account->egress_proxy_ids = {row.id};
    auto updated = store::update_account(tx, *account);
    if (!updated) return std::unexpected(updated.error());
    return {};
  });
  const auto grant = world.log_in();
  CHECK(proxy.tunnels() == 1);
  world.make_due();
  world.a.start();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().generation > grant.generation; }));
  CHECK(proxy.tunnels() == 2);
  proxy.stop();
  world.make_due();
  REQUIRE(eventually(kGenerous, [&] { return world.grant().failures > 0; }));
  CHECK(world.provider.refreshes() == 1);
}

TEST_CASE("keys are rotated in batches, and what cannot be opened stays as it is") {
  World world;
  (void)world.log_in();
  const std::string second = world.account;
  world.account = world.add_account();
  (void)world.log_in();
  const std::string access = world.provider.access_token();
  (void)world.begin(world.a);
  world.a.must([&](db::Transaction& tx) {
    return tx.exec("UPDATE account_credentials SET sealed = 'damaged' WHERE account_id = $1", second);
  });

  const crypto::Vault both({{1, Secret(std::string(32, 'v'))}, {2, Secret(std::string(32, 'w'))}});
  const auto first = oauth::reseal_all(world.a.pool, both, 1);
  REQUIRE(first.has_value());
  // Of two accounts the refresh tokens and one access token, three logins, and the client's secret.
  CHECK(first->done == 7);
  CHECK(first->failed == 1);
  const auto again = oauth::reseal_all(world.a.pool, both, 1);
  REQUIRE(again.has_value());
  CHECK(again->done == 0);

  const crypto::Vault newest({{2, Secret(std::string(32, 'w'))}});
  const auto grant = world.grant();
  CHECK(grant.key_version == 2);
  CHECK(newest.open("oauth_grants|" + world.account + "|sealed", grant.sealed).has_value());
  const auto row = world.a.must([&](db::Transaction& tx) { return store::get_credential(tx, world.account); });
  const auto opened = newest.open("account_credentials|" + world.account + "|sealed", row.sealed);
  REQUIRE(opened.has_value());
  CHECK(opened->reveal() == access);
}

}  // namespace sluice::testing
