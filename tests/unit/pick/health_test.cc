#include "dataplane/pick/health.h"

#include <catch2/catch.hpp>

#include "dataplane/pick/health_text.h"
#include "tests/unit/pick/health_world.h"

using namespace sluice;
using namespace sluice::pick;
using namespace std::chrono_literals;

namespace {

using World = sluice::testing::HealthWorld;
constexpr SystemTime kNow = World::kStart;

}  // namespace

TEST_CASE("a stated rate limit is hard and ends when the vendor says") {
  World world;
  REQUIRE(world.see(429, {.retry_at = kNow + 90s}));
  REQUIRE(world.blocked());
  CHECK_FALSE(world.blocked()->soft);
  world.now = kNow + 91s;
  CHECK_FALSE(world.blocked());
}

TEST_CASE("a limit of one model leaves the others alone, and the harder block wins") {
  World world;
  REQUIRE(world.see(429, {.retry_at = kNow + 90s, .model_only = true}));
  CHECK(world.blocked("m"));
  CHECK_FALSE(world.blocked("other"));
  REQUIRE(world.see(429, {.retry_at = kNow + 1h}));
  CHECK(world.blocked("m")->until == kNow + 1h);
}

TEST_CASE("a burst of unexplained refusals is one, repetitions double the pause up to a bound, success forgets it") {
  World world;
  for (int i = 0; i < 20; ++i)
    (void)world.see(429);
  CHECK(world.blocked()->until == kNow + 30s);
  CHECK(world.blocked()->soft);
  world.now += 31s;
  (void)world.see(429);
  CHECK(world.blocked()->until == world.now + 60s);
  (void)world.see(200);
  CHECK_FALSE(world.blocked());
}

TEST_CASE("no guess replaces what a vendor has stated") {
  World world;
  REQUIRE(world.see(429, {.retry_at = kNow + 20s}));
  (void)world.see(529);
  (void)world.see(401);
  CHECK_FALSE(world.blocked()->soft);
  CHECK(world.blocked()->until == kNow + 20s);
}

TEST_CASE("the breaker opens on failures, lets one probe through, and closes on success") {
  World world;
  for (int i = 0; i < 4; ++i)
    CHECK_FALSE(world.see(500));
  REQUIRE(world.see(500));
  CHECK(world.blocked()->reason == config::v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN);
  world.now += 11s;
  CHECK_FALSE(world.blocked());
  world.health.started("a", world.now);
  CHECK(world.blocked());
  (void)world.see(200);
  CHECK_FALSE(world.blocked());
}

TEST_CASE("the client's own mistakes teach nothing about the account") {
  World world;
  for (int i = 0; i < 50; ++i)
    (void)world.see(400);
  CHECK_FALSE(world.blocked());
}

TEST_CASE("a pause rule needs its status and one of its words, in any case") {
  World world;
  world.entry.pause_rules = {{.status = 503, .keywords = {"maintenance"}, .pause = 30min}};
  (void)world.see(503, {}, "please wait");
  CHECK(world.blocked()->soft);
  REQUIRE(world.see(503, {}, "Planned MAINTENANCE"));
  CHECK(world.blocked()->until == kNow + 30min);
  CHECK_FALSE(world.blocked()->soft);
}

TEST_CASE("many refusals with the same end are told once") {
  World world;
  int told = 0;
  for (int i = 0; i < 200; ++i) {
    if (world.see(429, {.retry_at = kNow + 60s + std::chrono::milliseconds(i)})) ++told;
  }
  CHECK(told == 1);
}

TEST_CASE("what has passed is forgotten, whatever it was") {
  World world;
  (void)world.see(429, {.retry_at = kNow + 10s, .model_only = true});
  for (int i = 0; i < 5; ++i)
    (void)world.see(500);
  (void)world.see(403);
  (void)world.see(529);
  world.entry.id = "b";
  (void)world.see(401);
  (void)world.see(429);
  CHECK(world.health.size() == 3);
  world.health.sweep(kNow + 9s);
  CHECK(world.health.size() == 3);
  world.health.sweep(kNow + 11s);
  CHECK(world.health.size() == 2);
  world.health.sweep(kNow + 1h);
  CHECK(world.health.size() == 0);
}

TEST_CASE("a block says how much of the account's quota is used") {
  World world;
  const auto news = world.see(
      429, {.retry_at = kNow + 1h, .windows = {{{.name = "5h", .used = 1.0}, {.name = "7d", .used = 0.371}}}});
  REQUIRE(news);
  CHECK(news->detail == "100 % of the 5h window used, 37 % of the 7d window used");
  CHECK(World().see(429, {.retry_at = kNow + 1h})->detail.empty());
}

TEST_CASE("blocks travel as text, and other text is passed over") {
  const HealthNews news{.account_id = "a",
                        .model = "claude x",
                        .block = {.until = kNow, .soft = true, .reason = config::v1::ACCOUNT_HEALTH_REASON_OVERLOADED},
                        .status = 529,
                        .credential_revision = 7};
  const auto read = news_from(to_text(news));
  REQUIRE(read);
  CHECK(read->model == "claude x");
  CHECK(read->block.until == kNow);
  CHECK(read->block.soft);
  CHECK(read->credential_revision == 7);
  for (const char* text :
       {"", "a", "a x 1 1 1 1 ", "a 1 99 1 1 1 ", "a 1 1", "a -1 1 1 1 1 ", "a 9223372036854775807 1 1 1 1 "})
    CHECK_FALSE(news_from(text));
}

TEST_CASE("ends travel as text, and neither is taken for the other") {
  const HealthEnd end{.account_id = "a",
                      .model = "claude x",
                      .until = kNow + 1us,
                      .reason = config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED,
                      .credential_revision = 7};
  const auto read = end_from(to_text(end));
  REQUIRE(read);
  CHECK(read->account_id == "a");
  CHECK(read->model == "claude x");
  CHECK(read->until == kNow + 1ms);
  CHECK(read->reason == end.reason);
  CHECK(read->credential_revision == 7);
  CHECK_FALSE(news_from(to_text(end)));
  for (const char* text : {"", "end", "end a", "end a x 1 1 ", "end a 1 99 1 ", "end a 1 1", "ends a 1 1 1 "})
    CHECK_FALSE(end_from(text));
}
