#include "tests/unit/publish/fleet_world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using namespace std::chrono_literals;
using namespace publish;

TEST_CASE("before the config is loaded nodes are asked to come back") {
  World world;
  Peer peer;
  const auto opened = world.connect(peer, "a");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("a new node gets a snapshot, then deltas") {
  World world;
  world.load({user(1, 1), user(2, 1)});
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  REQUIRE(world.step(peer));
  CHECK(peer.last.has_welcome());
  CHECK(peer.last.welcome().live_nodes() == 1);
  world.settle(peer);
  CHECK(peer.snapshots == 1);
  CHECK(peer.config->size() == 2);
  world.change({user(3, 1)});
  world.settle(peer);
  CHECK(peer.deltas == 1);
  CHECK(peer.snapshots == 1);
  CHECK(peer.config->version_number() == 3);
  CHECK(peer.config->digest() == world.fleet.book().released().digest());
}

TEST_CASE("a slow node gets one merged delta") {
  World world;
  world.load({user(1, 1)});
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  world.settle(peer);
  for (std::uint64_t i = 2; i < 50; ++i)
    world.change({user(1, i)});
  world.change({raw(v1::KIND_USER, uuid(1, 1), 50, v1::STATE_DELETED)});
  world.settle(peer);
  CHECK(peer.deltas == 1);
  CHECK(peer.config->size() == 0);
}

TEST_CASE("a node that was away gets what changed, deletions included; an unknown past gets a snapshot") {
  World world;
  world.load({user(1, 1), user(2, 1)});
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  world.settle(peer);
  world.fleet.close(peer.session, world.now);
  world.change({raw(v1::KIND_USER, uuid(1, 1), 2, v1::STATE_DELETED)});
  SECTION("within the history") {
    REQUIRE(world.connect(peer, "a"));
    world.settle(peer);
    CHECK(peer.deltas == 1);
    CHECK(peer.snapshots == 1);
    CHECK(peer.config->user(uuid(1, 1)) == nullptr);
  }
  SECTION("older than the history") {
    world.now += 2h;
    world.change({user(3, 1)});
    REQUIRE(world.connect(peer, "a"));
    world.settle(peer);
    CHECK(peer.snapshots == 2);
    CHECK(peer.config->user(uuid(1, 1)) == nullptr);
  }
  SECTION("in a new epoch with the same number") {
    world.fleet.reset("e2", world.number, {user(9, 1)}, {}, world.now);
    REQUIRE(world.connect(peer, "a"));
    world.settle(peer);
    CHECK(peer.snapshots == 2);
    CHECK(peer.config->epoch() == "e2");
    CHECK(peer.config->user(uuid(1, 9)) != nullptr);
  }
}

TEST_CASE("after a restart of the control plane a node needs nothing, or only what changed") {
  World world;
  world.load({user(1, 1), user(2, 1)});
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  world.settle(peer);
  World next;
  const std::deque<Touch> history = {{1, {v1::KIND_USER, uuid(1, 1)}, 1, next.now},
                                     {2, {v1::KIND_USER, uuid(1, 2)}, 1, next.now},
                                     {3, {v1::KIND_USER, uuid(1, 1)}, 2, next.now}};
  SECTION("equal") {
    next.load({user(1, 1), user(2, 1)});
    REQUIRE(next.connect(peer, "a"));
    next.settle(peer);
    CHECK(peer.deltas == 0);
    CHECK(peer.snapshots == 1);
    CHECK(same(peer.last.heartbeat().current(), peer.have()));
  }
  SECTION("one more change") {
    next.fleet.reset("e1", 3, {user(2, 1)}, history, next.now);
    REQUIRE(next.connect(peer, "a"));
    next.settle(peer);
    CHECK(peer.deltas == 1);
    CHECK(peer.snapshots == 1);
    CHECK(peer.config->user(uuid(1, 1)) == nullptr);
  }
}

TEST_CASE("commands reach every node in order, before the updates, and do not pile up") {
  World world;
  world.load({user(1, 1)});
  Peer first, second;
  REQUIRE(world.connect(first, "a"));
  world.settle(first);
  REQUIRE(world.connect(second, "b"));
  const auto ask = [&](std::uint64_t id) {
    v1::Command command;
    command.mutable_decision()->set_query_id(id);
    return world.fleet.command_all(command);
  };
  CHECK(ask(1) == 2);
  CHECK(world.fleet.take_changed());
  CHECK(ask(2) == 2);
  for (std::uint64_t id : {1U, 2U}) {
    REQUIRE(world.step(first));
    CHECK(first.last.command().decision().query_id() == id);
  }
  CHECK_FALSE(world.step(first));
  // Welcome is the first message in any case.
  REQUIRE(world.step(second));
  CHECK(second.last.has_welcome());
  REQUIRE(world.step(second));
  CHECK(second.last.has_command());
  world.settle(second);
  CHECK(second.config->size() == 1);

  for (std::uint64_t id = 1; id <= 1000; ++id)
    (void)ask(id);
  int commands = 0;
  while (world.step(first))
    commands += first.last.has_command() ? 1 : 0;
  CHECK(commands == 64);
}

TEST_CASE("a node is told once that it shall be drained, and again when it says otherwise") {
  World world;
  world.load({user(1, 1)});
  Peer peer, other;
  REQUIRE(world.connect(peer, "a"));
  REQUIRE(world.connect(other, "b"));
  world.settle(peer);
  world.settle(other);
  const auto told = [&](Peer& who) {
    std::string words;
    while (world.step(who)) {
      if (who.last.command().drain()) words += "drain ";
      if (who.last.command().undrain()) words += "undrain ";
    }
    return words;
  };
  const auto say = [&](bool draining) {
    v1::NodeStatus status;
    status.set_draining(draining);
    world.fleet.on_status(peer.session, status, world.now);
  };
  world.fleet.set_drains({});
  CHECK(told(peer).empty());
  world.fleet.set_drains({"a"});
  world.fleet.set_drains({"a"});
  CHECK(told(peer) == "drain ");
  CHECK(told(other).empty());
  say(true);
  CHECK(told(peer).empty());
  say(false);
  CHECK(told(peer) == "drain ");
  say(true);
  world.fleet.set_drains({});
  world.fleet.set_drains({});
  CHECK(told(peer) == "undrain ");
  // One that comes back from another replica that had told it.
  world.fleet.close(peer.session, world.now);
  REQUIRE(world.connect(peer, "a"));
  world.settle(peer);
  say(true);
  CHECK(told(peer) == "undrain ");
}

}  // namespace
