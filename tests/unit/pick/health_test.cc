#include "dataplane/pick/health.h"

#include <catch2/catch.hpp>

#include "dataplane/pick/health_text.h"

using namespace sluice;
using namespace sluice::pick;
using namespace std::chrono_literals;

namespace {

const SystemTime kNow{std::chrono::hours(500'000)};

snapshot::AccountEntry account() {
  snapshot::AccountEntry entry;
  entry.id = "a";
  return entry;
}

struct World {
  snapshot::AccountEntry entry = account();
  Health health;
  SystemTime now = kNow;

  std::optional<HealthNews> see(unsigned status, provider::LimitSignal limits = {}, std::string_view body = {},
                                std::uint64_t revision = 1) {
    return health.observe({.account = entry,
                           .model = "m",
                           .credential_revision = revision,
                           .status = status,
                           .body = body,
                           .limits = limits},
                          now);
  }
  std::optional<Blocked> blocked(std::string_view model = "m", std::uint64_t revision = 1) const {
    return health.blocked("a", model, revision, now);
  }
};

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

TEST_CASE("one 403 blocks nothing, a refused credential only until a newer one comes") {
  World world;
  CHECK_FALSE(world.see(403));
  CHECK_FALSE(world.blocked());
  World other;
  REQUIRE(other.see(401));
  CHECK(other.blocked("m", 1));
  CHECK_FALSE(other.blocked("m", 2));
  REQUIRE(other.see(401, {}, {}, 2));
  CHECK(other.blocked("m", 2));
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

TEST_CASE("what has passed is forgotten") {
  World world;
  (void)world.see(429, {.retry_at = kNow + 10s, .model_only = true});
  (void)world.see(500);
  world.health.sweep(kNow + 1h);
  CHECK(world.health.size() == 0);
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
  for (const char* text : {"", "a", "a x 1 1 1 1 ", "a 1 99 1 1 1 ", "a 1 1"})
    CHECK_FALSE(news_from(text));
}
