// Refused credentials: 401, 402 and 403.
#include <catch2/catch.hpp>

#include "tests/unit/pick/health_world.h"

using namespace sluice;
using namespace sluice::pick;
using namespace std::chrono_literals;

namespace {

using World = sluice::testing::HealthWorld;
constexpr SystemTime kNow = World::kStart;
namespace v1 = config::v1;

}  // namespace

TEST_CASE("the third 403 within ten minutes blocks, softly and for a minute, no earlier one does") {
  World world;
  CHECK_FALSE(world.see(403));
  world.now = kNow + 5min;
  CHECK_FALSE(world.see(403));
  CHECK_FALSE(world.blocked());
  world.now = kNow + 10min;
  const auto news = world.see(403);
  REQUIRE(news);
  CHECK(news->block.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED);
  CHECK(news->block.soft);
  CHECK(news->block.until == world.now + 60s);
}

TEST_CASE("403s further apart than three in ten minutes never block, however many") {
  World world;
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(world.see(403));
    world.now += 5min + 1s;
  }
  CHECK_FALSE(world.blocked());
}

TEST_CASE("the window slides: an old 403 does not spare the account three new ones") {
  World world;
  CHECK_FALSE(world.see(403));
  world.now += 9min;
  CHECK_FALSE(world.see(403));
  world.now += 2min;
  CHECK_FALSE(world.see(403));
  world.now += 2min;
  CHECK(world.see(403));
}

TEST_CASE("a success between starts the count of 403s anew") {
  World world;
  for (int i = 0; i < 50; ++i) {
    CHECK_FALSE(world.see(403));
    CHECK_FALSE(world.see(403));
    CHECK(world.succeed().empty());
  }
  CHECK(world.health.size() == 0);
}

TEST_CASE("a refused credential is blocked only until a newer one comes, which may be refused as well") {
  World world;
  REQUIRE(world.see(401));
  CHECK(world.blocked("m", 1));
  CHECK_FALSE(world.blocked("m", 2));
  REQUIRE(world.see(401, {}, {}, 2));
  CHECK(world.blocked("m", 2));
  CHECK_FALSE(world.blocked("m", 3));
}

TEST_CASE("a burst of refusals is one, later ones double the pause up to ten minutes") {
  World world;
  int told = 0;
  for (int i = 0; i < 20; ++i)
    told += world.see(401) ? 1 : 0;
  CHECK(told == 1);
  CHECK(world.blocked()->until == kNow + 60s);
  for (const auto pause : {120s, 240s, 480s, 600s, 600s}) {
    world.now = world.blocked()->until;
    REQUIRE(world.see(401));
    CHECK(world.blocked()->until == world.now + pause);
  }
}

TEST_CASE("refusals during a vendor's own block are not repetitions") {
  World world;
  REQUIRE(world.see(429, {.retry_at = kNow + 20s}));
  for (int i = 0; i < 20; ++i)
    CHECK_FALSE(world.see(401));
  world.now = kNow + 20s;
  REQUIRE(world.see(401));
  CHECK(world.blocked()->until == world.now + 60s);
}

TEST_CASE("a late refusal of an older credential says nothing of the newer one") {
  World world;
  REQUIRE(world.see(401, {}, {}, 2));
  CHECK_FALSE(world.health.merge(
      {.account_id = "a",
       .model = {},
       .block = {.until = kNow + 600s, .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED},
       .status = 401,
       .credential_revision = 1},
      kNow));
  CHECK(world.blocked("m", 2)->until == kNow + 60s);
  // Nor does a late success.
  CHECK(world.succeed(SystemTime::max(), 1).empty());
  CHECK(world.blocked("m", 2));
  CHECK(world.succeed(SystemTime::max(), 2).size() == 1);
  CHECK_FALSE(world.blocked("m", 2));
}
