#include <thread>

#include "tests/integration/alerts/world.h"

namespace sluice::alerts {

namespace {

using std::chrono::seconds;
using Events = std::vector<std::string>;

const std::string kHook = "https://example.com/hook";

}  // namespace

TEST_CASE("an alert waits for its time, is told once, and its end is told") {
  World world;
  world.rule({.metric = "journal_backlog", .threshold = 100, .for_seconds = 60, .webhook_ids = {world.webhook(kHook)}});
  world.evaluate();
  CHECK(world.alerts().empty());
  world.node("n1", 150);
  world.later();
  REQUIRE(world.alerts().size() == 1);
  CHECK(world.alerts()[0].state == State::kPending);
  CHECK(world.told().empty());
  world.later(seconds(61));
  CHECK(world.alerts()[0].state == State::kFiring);
  CHECK(world.alerts()[0].object_name == "n1");
  CHECK(world.alerts()[0].value == 150);
  CHECK(world.told() == Events{"firing"});
  world.node("n1", 170);
  world.later();
  CHECK(world.alerts()[0].value == 170);
  CHECK(world.told() == Events{"firing"});
  world.node("n1", 99);
  world.later();
  CHECK(world.alerts()[0].state == State::kResolved);
  CHECK(world.told() == Events{"firing", "resolved"});
}

TEST_CASE("what ends before its time leaves nothing") {
  World world;
  world.rule({.metric = "journal_backlog", .threshold = 100, .for_seconds = 60, .webhook_ids = {world.webhook(kHook)}});
  world.node("n1", 150);
  world.evaluate();
  CHECK(world.alerts().size() == 1);
  world.node("n1", 0);
  world.later();
  CHECK(world.alerts().empty());
  CHECK(world.told().empty());
}

TEST_CASE("within the cool-down the next alert is kept and not told") {
  World world;
  world.rule(
      {.metric = "journal_backlog", .threshold = 1, .cooldown_seconds = 600, .webhook_ids = {world.webhook(kHook)}});
  const auto flap = [&] {
    world.node("n1", 5);
    world.later();
    world.node("n1", 0);
    world.later();
  };
  flap();
  CHECK(world.told() == Events{"firing", "resolved"});
  flap();
  CHECK(world.alerts().size() == 2);
  CHECK(world.told().size() == 2);
  world.clock.advance(seconds(600));
  flap();
  CHECK(world.told().size() == 4);
}

TEST_CASE("a silenced rule finds and does not tell; a deleted one ends its alerts") {
  World world;
  Rule rule = world.rule({.metric = "journal_backlog",
                          .threshold = 1,
                          .webhook_ids = {world.webhook(kHook)},
                          .silenced_until = world.clock.now() + seconds(600)});
  world.node("n1", 5);
  world.evaluate();
  REQUIRE(world.alerts().size() == 1);
  CHECK(world.alerts()[0].state == State::kFiring);
  CHECK(world.told().empty());
  world.must([&](db::Transaction& tx) { return delete_rule(tx, rule.id, world.clock.now()); });
  CHECK(world.alerts()[0].state == State::kResolved);
  CHECK(world.told().empty());
}

TEST_CASE("a rule for one object leaves the others alone; each object has its own alert") {
  World world;
  const std::string hook = world.webhook(kHook);
  world.rule({.name = "one", .metric = "journal_backlog", .threshold = 1, .object_id = "n2", .webhook_ids = {hook}});
  world.rule({.name = "all", .metric = "journal_backlog", .threshold = 1});
  world.node("n1", 5);
  world.node("n2", 5);
  world.evaluate();
  CHECK(world.alerts().size() == 3);
  CHECK(world.told() == Events{"firing"});
}

TEST_CASE("two evaluators at the same time find each thing once") {
  World world;
  for (int i = 0; i < 10; ++i)
    world.rule({.metric = "journal_backlog", .threshold = 1, .webhook_ids = {world.webhook(kHook)}});
  for (int i = 0; i < 5; ++i)
    world.node("n" + std::to_string(i), 5);
  {
    std::vector<std::jthread> replicas;
    for (int i = 0; i < 4; ++i) {
      replicas.emplace_back([&] {
        for (bool more = true; more;) {
          const auto done =
              db::in_transaction(world.pool, [&](db::Transaction& tx) { return evaluate_next(tx, world.clock.now()); });
          more = done && *done;
        }
      });
    }
  }
  CHECK(world.alerts().size() == 50);
  CHECK(world.told().size() == 50);
}

TEST_CASE("old alerts are dropped with what was told of them, open ones stay") {
  World world;
  world.rule({.metric = "journal_backlog", .threshold = 1, .webhook_ids = {world.webhook(kHook)}});
  world.node("n1", 5);
  world.node("n2", 5);
  world.evaluate();
  world.node("n1", 0);
  world.later();
  world.clock.advance(kAlertsKept + std::chrono::hours(1));
  CHECK(world.must([&](db::Transaction& tx) { return drop_old_alerts(tx, world.clock.now(), 100); }) == 1);
  REQUIRE(world.alerts().size() == 1);
  CHECK(world.alerts()[0].object_id == "n2");
  CHECK(world.told() == Events{"firing"});
}

}  // namespace sluice::alerts
