#include "tests/unit/publish/fleet_world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using namespace std::chrono_literals;
using namespace publish;

struct Pair {
  Pair() {
    world.load({user(1, 1)});
    REQUIRE(world.connect(first, "a"));
    REQUIRE(world.connect(second, "b"));
    world.settle(first);
    world.settle(second);
  }
  World world;
  Peer first, second;
};

TEST_CASE("an ordinary change goes to one node first") {
  Pair pair;
  World& world = pair.world;
  world.change({user(2, 1)});
  world.settle(pair.second);
  CHECK(pair.second.deltas == 0);
  REQUIRE(world.step(pair.first, false));
  CHECK(pair.first.deltas == 1);
  world.settle(pair.second);
  CHECK(pair.second.deltas == 0);
  SECTION("its ack opens the rest") {
    world.fleet.on_ack(pair.first.session, world.unsent, world.now);
    world.settle(pair.second);
    CHECK(pair.second.deltas == 1);
    CHECK(pair.second.config->digest() == pair.first.config->digest());
  }
  SECTION("so does two seconds of silence") {
    world.now += 2s;
    CHECK(world.fleet.tick(world.now).empty());
    world.settle(pair.second);
    CHECK(pair.second.deltas == 1);
  }
  SECTION("a refused resource stops it, and the next version goes on") {
    world.unsent.add_rejected()->set_reason("bad");
    world.fleet.on_ack(pair.first.session, world.unsent, world.now);
    world.now += 5s;
    CHECK(world.fleet.tick(world.now).empty());
    world.settle(pair.first);
    world.settle(pair.second);
    CHECK(pair.second.deltas == 0);
    CHECK(world.fleet.counters().stopped_rollouts == 1);
    CHECK(pair.first.config->version_number() == 2);
    world.change({user(3, 1)});
    world.settle(pair.second);
    world.settle(pair.first);
    CHECK(pair.second.config->version_number() == 3);
    CHECK(pair.first.config->version_number() == 3);
  }
  SECTION("a lost stream stops it, until the first node to come back takes it") {
    world.fleet.close(pair.first.session, world.now);
    world.now += 5s;
    CHECK(world.fleet.tick(world.now).empty());
    world.settle(pair.second);
    CHECK(pair.second.deltas == 0);
    CHECK(world.fleet.counters().stopped_rollouts == 1);
    pair.first = Peer();
    REQUIRE(world.connect(pair.first, "a", "b2"));
    world.settle(pair.first);
    world.settle(pair.second);
    CHECK(pair.first.config->version_number() == 2);
    CHECK(pair.second.config->version_number() == 2);
  }
}

TEST_CASE("revocations and credentials go to all at once") {
  for (const v1::Resource& change :
       {user(1, 2, v1::STATE_DISABLED), raw(v1::KIND_USER, uuid(1, 1), 2, v1::STATE_DELETED), credential(1, 1)}) {
    Pair pair;
    pair.world.change({change});
    pair.world.settle(pair.second);
    CHECK(pair.second.deltas == 1);
    pair.world.settle(pair.first);
    CHECK(pair.first.deltas == 1);
  }
}

TEST_CASE("two live processes with one node id: the newer waits until the older is silent") {
  World world;
  world.load({user(1, 1)});
  Peer older, newer;
  REQUIRE(world.connect(older, "a", "b1"));
  auto refused = world.connect(newer, "a", "b2");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kAlreadyExists);
  const auto again = world.connect(newer, "a", "b1");
  REQUIRE(again);
  CHECK(*again == older.session);
  world.now += 31s;
  const auto taken = world.connect(older, "a", "b3");
  REQUIRE(taken);
  CHECK(*taken == newer.session);
  CHECK(world.fleet.live_nodes() == 1);
}

TEST_CASE("at most four snapshots are under way; the fifth node waits for an ack") {
  World world;
  world.load({user(1, 1)});
  std::vector<Peer> peers(5);
  std::vector<v1::Ack> acks;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    REQUIRE(world.connect(peers[i], fmt::format("n{}", i)));
    while (world.step(peers[i], false)) {
    }
    acks.push_back(world.unsent);
  }
  CHECK(peers[3].snapshots == 1);
  CHECK(peers[4].snapshots == 0);
  SECTION("an ack lets it in") {
    world.fleet.on_ack(peers[0].session, acks[0], world.now);
  }
  SECTION("so does the end of a stream") {
    world.fleet.close(peers[0].session, world.now);
  }
  world.settle(peers[4]);
  CHECK(peers[4].snapshots == 1);
}

TEST_CASE("a large config comes in parts below 1 MiB") {
  World world;
  std::vector<v1::Resource> all;
  for (int i = 0; i < 20'000; ++i)
    all.push_back(key(i, 1, 1, 1));
  world.load(all);
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  int parts = 0;
  while (world.step(peer))
    parts += peer.last.has_snapshot() ? 1 : 0;
  CHECK(parts > 2);
  CHECK(peer.config->size() == all.size());
}

TEST_CASE("silent nodes are named, heartbeats are spread") {
  World world;
  world.load({user(1, 1)});
  Peer peer;
  REQUIRE(world.connect(peer, "a"));
  world.settle(peer);
  CHECK(peer.beats == 1);
  world.now += 8s;
  world.settle(peer);
  CHECK(peer.beats == 2);
  world.now += 29s;
  CHECK(world.fleet.tick(world.now) == std::vector{peer.session});
}

TEST_CASE("random changes, pauses and reconnects always end in equal configs") {
  const unsigned seed = GENERATE(take(30, random(0U, 1'000'000'000U)));
  CAPTURE(seed);
  std::mt19937 random(seed);
  World world;
  world.load({user(0, 1)});
  std::vector<Peer> peers(3);
  for (std::size_t i = 0; i < peers.size(); ++i)
    REQUIRE(world.connect(peers[i], fmt::format("n{}", i)));
  std::uint64_t revision = 1;
  for (int round = 0; round < 200; ++round) {
    Peer& peer = peers[random() % peers.size()];
    switch (random() % 8) {
      case 0:
      case 1:
        world.change({user(static_cast<int>(random() % 6), ++revision)});
        break;
      case 2:
        world.change({user(static_cast<int>(random() % 6), ++revision, v1::STATE_DISABLED)});
        break;
      case 3:
        world.change({raw(v1::KIND_USER, uuid(1, static_cast<int>(random() % 6)), ++revision, v1::STATE_DELETED)});
        break;
      case 4:
        world.fleet.close(peer.session, world.now);
        peer.incoming.reset();
        REQUIRE(world.connect(peer, fmt::format("n{}", &peer - peers.data())));
        break;
      default:
        world.step(peer);
    }
    world.now += 100ms;
    (void)world.fleet.tick(world.now);
  }
  for (int i = 0; i < 4; ++i) {
    for (Peer& peer : peers)
      world.settle(peer);
    world.now += 3s;
    (void)world.fleet.tick(world.now);
  }
  for (const Peer& peer : peers) {
    CHECK(peer.config->version_number() == world.number);
    CHECK(peer.config->digest() == world.model.version().digest());
  }
}

}  // namespace
