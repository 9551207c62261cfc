// A success ends what was only a guess, here and with all others; never what a vendor has stated.
#include <catch2/catch.hpp>

#include "tests/unit/pick/health_world.h"

using namespace sluice;
using namespace sluice::pick;
using namespace std::chrono_literals;

namespace {

using World = sluice::testing::HealthWorld;
constexpr SystemTime kNow = World::kStart;
namespace v1 = config::v1;

HealthNews soft_block(SystemTime until, std::string model = {}) {
  return {.account_id = "a",
          .model = std::move(model),
          .block = {.until = until, .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_OVERLOADED},
          .status = 529,
          .credential_revision = 1};
}

}  // namespace

TEST_CASE("a success ends an overload, and says until when it would have lasted") {
  World world;
  REQUIRE(world.see(529));
  world.now += 1s;
  const auto ended = world.succeed();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].account_id == "a");
  CHECK(ended[0].model.empty());
  CHECK(ended[0].until == kNow + 10s);
  CHECK(ended[0].reason == v1::ACCOUNT_HEALTH_REASON_OVERLOADED);
  CHECK_FALSE(world.blocked());
  CHECK(world.succeed().empty());
}

TEST_CASE("a success ends a refusal and an open breaker as well") {
  World refused;
  REQUIRE(refused.see(401));
  CHECK(refused.succeed().size() == 1);
  CHECK_FALSE(refused.blocked());
  World broken;
  for (int i = 0; i < 5; ++i)
    (void)broken.see(500);
  REQUIRE(broken.blocked());
  const auto ended = broken.succeed();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN);
  CHECK(ended[0].until == kNow + 10s);
  CHECK_FALSE(broken.blocked());
}

TEST_CASE("a success never ends what a vendor or a rule has stated") {
  World limited;
  REQUIRE(limited.see(429, {.retry_at = kNow + 90s}));
  CHECK(limited.succeed().empty());
  CHECK(limited.blocked());
  World of_model;
  REQUIRE(of_model.see(429, {.retry_at = kNow + 90s, .model_only = true}));
  CHECK(of_model.succeed().empty());
  CHECK(of_model.blocked());
  World paused;
  paused.entry.pause_rules = {{.status = 503, .keywords = {}, .pause = 30min}};
  REQUIRE(paused.see(503));
  CHECK(paused.succeed().empty());
  CHECK(paused.blocked());
  World used_up;
  REQUIRE(used_up.see(200, {.retry_at = kNow + 90s, .used_up = true}));
  CHECK(used_up.succeed().empty());
  CHECK(used_up.blocked());
}

TEST_CASE("an overload of one model is ended by a success of that model only") {
  World world;
  REQUIRE(world.see(529, {.retry_at = kNow + 90s, .model_only = true}));
  CHECK(world.succeed(SystemTime::max(), 1, "other").empty());
  REQUIRE(world.blocked("m"));
  const auto ended = world.succeed();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].model == "m");
  CHECK(ended[0].until == kNow + 90s);
  CHECK_FALSE(world.blocked("m"));
}

TEST_CASE("the end of a call that began before the block proves nothing") {
  World world;
  REQUIRE(world.see(529));
  world.now += 1s;
  CHECK(world.succeed(kNow - 1s).empty());
  CHECK(world.blocked());
  // So the next failure is a repetition.
  world.now = kNow + 10s;
  REQUIRE(world.see(529));
  CHECK(world.blocked()->until == world.now + 20s);
  World broken;
  for (int i = 0; i < 5; ++i)
    (void)broken.see(500);
  CHECK(broken.succeed(kNow - 1s).empty());
  CHECK(broken.blocked());
  CHECK(broken.succeed(kNow).size() == 1);
}

TEST_CASE("what has run out by itself need not be told to be over") {
  World world;
  REQUIRE(world.see(529));
  world.now = kNow + 10s;
  CHECK(world.succeed().empty());
  World broken;
  for (int i = 0; i < 5; ++i)
    (void)broken.see(500);
  broken.now = kNow + 11s;
  broken.health.started("a", broken.now);
  CHECK(broken.succeed().empty());
  CHECK_FALSE(broken.blocked());
}

TEST_CASE("another's end drops the soft blocks that it knew of, and no longer ones") {
  World world;
  REQUIRE(world.health.merge(soft_block(kNow + 30s), kNow));
  const HealthEnd end{.account_id = "a", .model = {}, .until = kNow + 30s, .credential_revision = 1};
  world.health.merge(end);
  CHECK_FALSE(world.blocked());
  REQUIRE(world.health.merge(soft_block(kNow + 40s), kNow));
  world.health.merge(end);
  CHECK(world.blocked());
  world.health.merge(HealthEnd{.account_id = "other", .model = {}, .until = kNow + 1h});
  CHECK(world.blocked());
}

TEST_CASE("another's end leaves vendors' blocks, other models, and newer credentials' refusals") {
  World world;
  REQUIRE(world.see(429, {.retry_at = kNow + 10s}));
  REQUIRE(world.health.merge(soft_block(kNow + 20s, "m"), kNow));
  world.health.merge(HealthEnd{.account_id = "a", .model = {}, .until = kNow + 1h, .credential_revision = 9});
  CHECK(world.blocked("other"));
  world.now = kNow + 11s;
  CHECK(world.blocked("m"));
  world.health.merge(HealthEnd{.account_id = "a", .model = "m", .until = kNow + 1h});
  CHECK_FALSE(world.blocked("m"));
  World refused;
  REQUIRE(refused.see(401, {}, {}, 2));
  refused.health.merge(HealthEnd{.account_id = "a", .model = {}, .until = kNow + 1h, .credential_revision = 1});
  CHECK(refused.blocked("m", 2));
  refused.health.merge(HealthEnd{.account_id = "a", .model = {}, .until = kNow + 1h, .credential_revision = 2});
  CHECK_FALSE(refused.blocked("m", 2));
}

TEST_CASE("another's end closes a breaker that it knew of") {
  World world;
  for (int i = 0; i < 5; ++i)
    (void)world.see(500);
  world.health.merge(HealthEnd{.account_id = "a", .model = {}, .until = kNow + 9s});
  CHECK(world.blocked());
  world.health.merge(HealthEnd{.account_id = "a", .model = {}, .until = kNow + 10s});
  CHECK_FALSE(world.blocked());
}

TEST_CASE("a success that used up a quota ends the overload and blocks until the quota is back") {
  World world;
  REQUIRE(world.see(529));
  const Lesson lesson = world.learn(200, {.retry_at = kNow + 1h, .used_up = true});
  CHECK(lesson.ended.size() == 1);
  REQUIRE(lesson.blocked);
  CHECK(lesson.blocked->block.reason == v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP);
  CHECK_FALSE(world.blocked()->soft);
}
