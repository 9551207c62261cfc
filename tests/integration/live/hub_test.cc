// The hub on a real PostgreSQL: who watches what, and what ends it.
#include "controlplane/live/hub.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "controlplane/live/overview.h"
#include "controlplane/store/nodes.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::live {

using testing::eventually;
using testing::kGenerous;

namespace {

struct Watcher final : Hub::Watcher {
  Watcher(Hub& owner, bool may) : hub(owner), allowed(may) {}
  bool begin() override {
    ++begun;
    return allowed;
  }
  void news() override {
    while (const auto event = hub.take(seen)) {
      snapshots += event->has_snapshot() ? 1 : 0;
      deltas += event->has_delta() ? 1 : 0;
      for (const admin::v1::LiveNode& node : event->delta().nodes())
        streams = node.open_streams();
    }
  }
  void end() override { ++ended; }

  Hub& hub;
  const bool allowed;
  std::uint64_t seen = 0;  // the hub's thread
  std::atomic<int> begun = 0, snapshots = 0, deltas = 0, ended = 0;
  std::atomic<std::int64_t> streams = 0;  // of the node that changed last
};

struct World {
  World() : pool({.conninfo = Secret(testing::migrated_database())}) {}

  void put_node(const std::string& id, std::int64_t streams) {
    const store::Node node{.node_id = id, .boot_id = "b", .open_streams = streams, .last_seen = clock.now()};
    const Result<> put = db::in_transaction(pool, [&](db::Transaction& tx) { return store::put_node(tx, node); });
    REQUIRE(put);
  }
  std::shared_ptr<Watcher> watch(Hub& hub, bool allowed = true) {
    auto watcher = std::make_shared<Watcher>(hub, allowed);
    REQUIRE(hub.add(watcher));
    return watcher;
  }

  const RealClock clock;
  db::Pool pool;
  const HubOptions quick{.every = std::chrono::milliseconds(10)};
};

}  // namespace

TEST_CASE("watchers get everything once, then what changes") {
  World world;
  Hub hub(world.pool, world.clock, "s", world.quick);
  world.put_node("a", 1);
  const auto early = world.watch(hub);
  REQUIRE(eventually(kGenerous, [&] { return early->snapshots == 1; }));
  world.put_node("a", 2);
  CHECK(eventually(kGenerous, [&] { return early->streams == 2; }));
  const auto late = world.watch(hub);
  CHECK(eventually(kGenerous, [&] { return late->snapshots == 1; }));
  hub.remove(early.get());
  world.put_node("a", 3);
  CHECK(eventually(kGenerous, [&] { return late->streams == 3; }));
  CHECK(early->streams == 2);
  CHECK(early->snapshots == 1);
  CHECK(hub.watchers() == 1);
}

TEST_CASE("who may not watch hears nothing") {
  World world;
  Hub hub(world.pool, world.clock, "s", world.quick);
  const auto refused = world.watch(hub, false);
  CHECK(eventually(kGenerous, [&] { return refused->begun == 1 && hub.watchers() == 0; }));
  const auto other = world.watch(hub);
  CHECK(eventually(kGenerous, [&] { return other->snapshots == 1; }));
  CHECK(refused->snapshots == 0);
  CHECK(refused->begun == 1);
}

TEST_CASE("a hub has room for so many, and takes none after its end") {
  World world;
  Hub hub(world.pool, world.clock, "s", {.every = std::chrono::milliseconds(10), .most_watchers = 2});
  const auto one = world.watch(hub);
  const auto two = world.watch(hub);
  const Result<> third = hub.add(std::make_shared<Watcher>(hub, true));
  REQUIRE_FALSE(third);
  CHECK(third.error().code == ErrorCode::kResourceExhausted);
  hub.remove(two.get());
  const auto three = world.watch(hub);
  hub.end();
  CHECK(one->ended == 1);
  CHECK(two->ended == 0);
  CHECK(three->ended == 1);
  const Result<> late = hub.add(std::make_shared<Watcher>(hub, true));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("what a node says that is gone does not count") {
  World world;
  const SystemTime now = world.clock.now();
  const std::string account = "01a20864-0eb6-7a24-a211-b173c2fdc271";
  const Result<> stored = db::in_transaction(world.pool, [&](db::Transaction& tx) -> Result<> {
    const auto made = tx.exec(
        "INSERT INTO accounts (id, name, provider, base_url, priority, concurrency, status) "
        "VALUES ($1, 'one', 'anthropic', 'http://x', 1, 9, 'active')",
        account);
    if (!made) return std::unexpected(made.error());
    for (const auto& [id, age] : {std::pair("here", 1), std::pair("too", 5), std::pair("gone", 60)}) {
      const store::Node node{.node_id = id,
                             .boot_id = "b",
                             .ready = true,
                             .open_streams = 7,
                             .account_slots = R"({")" + account + R"(": 2})",
                             .last_seen = now - std::chrono::seconds(age)};
      if (Result<> put = store::put_node(tx, node); !put) return put;
    }
    return store::set_drain_wanted(tx, "too", true);
  });
  REQUIRE(stored);
  const auto overview = db::in_transaction(world.pool, [&](db::Transaction& tx) { return load_overview(tx, now); });
  REQUIRE(overview);
  REQUIRE(overview->nodes_size() == 3);
  CHECK(overview->nodes(0).id() == "gone");
  CHECK_FALSE(overview->nodes(0).connected());
  CHECK_FALSE(overview->nodes(0).ready());
  CHECK(overview->nodes(0).open_streams() == 0);
  CHECK(overview->nodes(1).connected());
  CHECK(overview->nodes(1).open_streams() == 7);
  CHECK_FALSE(overview->nodes(1).drain_wanted());
  CHECK(overview->nodes(2).drain_wanted());
  REQUIRE(overview->accounts_size() == 1);
  CHECK(overview->accounts(0).slots() == 9);
  CHECK(overview->accounts(0).slots_in_use() == 4);
  // A later report of the node leaves the wish.
  const auto wished = db::in_transaction(world.pool, [&](db::Transaction& tx) -> Result<std::set<std::string>> {
    store::Node node{.node_id = "too", .boot_id = "b2", .last_seen = now};
    if (Result<> put = store::put_node(tx, node); !put) return std::unexpected(put.error());
    return store::nodes_to_drain(tx);
  });
  REQUIRE(wished);
  CHECK(*wished == std::set<std::string>{"too"});
}

}  // namespace sluice::live
