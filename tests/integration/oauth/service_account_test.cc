// Service accounts: the key buys access tokens, again and again, by whichever replica.
#include "controlplane/oauth/service_account.h"

#include <boost/json.hpp>

#include "tests/integration/oauth/signature.h"
#include "tests/integration/oauth/world.h"

namespace sluice::testing {

namespace {

namespace json = boost::json;

std::string key_file(const World& world, const KeyPair& pair) {
  return json::serialize(json::object{{"type", "service_account"},
                                      {"project_id", "project-1"},
                                      {"private_key_id", "key-1"},
                                      {"private_key", pair.private_pem},
                                      {"client_email", "robot@project-1.iam.example.com"},
                                      {"token_uri", world.client.token_url}});
}

Result<store::OAuthGrant> give(World& world, Replica& at, const std::string& key_json) {
  auto route = db::in_transaction(
      at.pool, [&](db::Transaction& tx) { return oauth::read_route(tx, at.vault, world.client.id, world.account); });
  REQUIRE(route);
  const auto tokens = oauth::present_service_account(at.context, *route, Secret(key_json));
  if (!tokens) return std::unexpected(tokens.error());
  return db::in_transaction(at.pool,
                            [&](db::Transaction& tx) { return oauth::finish_login(at.context, tx, *route, *tokens); });
}

}  // namespace

TEST_CASE("a service account's key buys a token at once and a new one when it is due") {
  World world;
  const KeyPair pair = make_rsa();
  world.provider.know_service_account(pair.public_pem);
  const auto grant = give(world, world.a, key_file(world, pair));
  INFO((grant ? std::string() : grant.error().message));
  REQUIRE(grant);
  CHECK(grant->state == store::GrantState::kActive);
  CHECK(world.pushed() == world.provider.access_token());
  const json::object claims = json::parse(world.provider.claims()).as_object();
  CHECK(claims.at("iss") == "robot@project-1.iam.example.com");
  CHECK(claims.at("aud").as_string() == world.client.token_url);
  CHECK(claims.at("scope") == "a b");
  CHECK(claims.at("exp").as_int64() - claims.at("iat").as_int64() == 3'600);

  world.a.start();
  world.b.start();
  for (int round = 1; round <= 3; ++round) {
    const std::int64_t generation = world.grant().generation;
    world.make_due();
    REQUIRE(eventually(kGenerous, [&] { return world.grant().generation > generation; }));
    CHECK(world.provider.refreshes() == round + 1);
    CHECK(world.pushed() == world.provider.access_token());
  }
  // The key itself is only where refresh tokens are, sealed.
  const std::string everything = PostgresServer::shared().run(
      world.conninfo,
      "SELECT string_agg(t::text, ' ') FROM (SELECT g::text AS t FROM oauth_grants g UNION ALL SELECT c::text FROM "
      "account_credentials c UNION ALL SELECT l::text FROM change_log l) x");
  CHECK(everything.find("PRIVATE KEY") == std::string::npos);
  CHECK(world.stored_refresh().find("PRIVATE KEY") != std::string::npos);
}

TEST_CASE("a key that the provider does not know is refused, and one that is taken back needs a person") {
  World world;
  const KeyPair pair = make_rsa();
  const auto unknown = give(world, world.a, key_file(world, pair));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::kFailedPrecondition);
  CHECK(unknown.error().message.find("invalid_grant") != std::string::npos);

  world.provider.know_service_account(pair.public_pem);
  REQUIRE(give(world, world.a, key_file(world, pair)));
  world.provider.know_service_account("");
  world.a.start();
  world.make_due();
  REQUIRE(eventually(kGenerous, [&] {
    world.make_due();
    return world.grant().state == store::GrantState::kNeedsLogin;
  }));
}

TEST_CASE("only a whole key for the client's own token endpoint is ever presented") {
  World world;
  const KeyPair pair = make_rsa();
  world.provider.know_service_account(pair.public_pem);
  const json::object good = json::parse(key_file(world, pair)).as_object();
  const auto with = [&](std::string_view name, const auto& value) {
    json::object changed = good;
    changed[name] = value;
    return json::serialize(changed);
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"not json", "JSON file"},
      {"[]", "JSON file"},
      {with("type", "authorized_user"), "type"},
      {with("client_email", ""), "client_email"},
      {with("token_uri", nullptr), "token_uri"},
      {with("token_uri", "https://elsewhere.example.com/token"), "token_uri"},
      {with("private_key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "private_key"},
      {with("private_key", make_rsa(1'024).private_pem), "2048"},
      {with("private_key", pair.public_pem), "private_key"},
      {with("padding", std::string(20'000, 'x')), "16 KiB"}};
  for (const auto& [key, why] : cases) {
    INFO(why);
    const auto refused = give(world, world.a, key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kInvalidArgument);
    CHECK(refused.error().message.find(why) != std::string::npos);
    CHECK(refused.error().message.find("BEGIN") == std::string::npos);
  }
  CHECK(world.provider.asked() == 0);
}

}  // namespace sluice::testing
