#include "controlplane/publish/fleet.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using namespace std::chrono_literals;
using namespace publish;
using config::v1::SubscribeResponse;

// A node that applies with the data plane's own builder.
struct Peer {
  Fleet::SessionId session = 0;
  SnapshotPtr config = snapshot::Snapshot::empty();
  std::unique_ptr<snapshot::Builder> incoming;
  int deltas = 0, snapshots = 0, beats = 0;
  SubscribeResponse last;

  [[nodiscard]] Version have() const {
    Version out;
    out.set_epoch(std::string(config->epoch()));
    out.set_number(config->version_number());
    out.set_digest(std::string(config->digest()));
    return out;
  }
};

struct World {
  explicit World(FleetOptions options = {}) : fleet(options, [](std::uint64_t) { return 0U; }) {}

  void load(const std::vector<v1::Resource>& all) {
    for (const auto& one : all)
      model.put(one);
    number = all.size();
    fleet.reset("e1", number, all, {}, now);
  }
  void change(const std::vector<v1::Resource>& changed) {
    for (const auto& one : changed)
      model.put(one);
    number += changed.size();
    fleet.change(number, changed, now);
  }
  Result<Fleet::SessionId> connect(Peer& peer, const std::string& name, const std::string& boot = "b1") {
    v1::Hello hello;
    hello.set_node_id(name);
    hello.set_boot_id(boot);
    if (!peer.config->epoch().empty()) *hello.mutable_have() = peer.have();
    peer.session = ++last_session;
    return fleet.open(peer.session, hello, now);
  }
  // Takes one message; false if there is none. Updates are applied, and acknowledged only if asked to.
  bool step(Peer& peer, bool ack = true) {
    const auto message = fleet.next_message(peer.session, now);
    if (!message) return false;
    peer.last = *message;
    if (message->has_heartbeat()) ++peer.beats;
    if (message->has_delta()) {
      ++peer.deltas;
      REQUIRE(same(message->delta().from(), peer.have()));
      snapshot::Builder builder(peer.config, snapshot::Builder::Base::kCurrent);
      REQUIRE(builder.apply(message->delta().resources()));
      take(peer, builder, message->delta().to(), message->nonce(), ack);
    }
    if (message->has_snapshot()) {
      REQUIRE(message->ByteSizeLong() < 1024 * 1024);
      if (!peer.incoming) {
        peer.incoming = std::make_unique<snapshot::Builder>(peer.config, snapshot::Builder::Base::kEmpty);
      }
      REQUIRE(peer.incoming->apply(message->snapshot().resources()));
      if (message->snapshot().last()) {
        ++peer.snapshots;
        const auto whole = std::move(peer.incoming);
        take(peer, *whole, message->snapshot().target(), message->nonce(), ack);
      }
    }
    return true;
  }
  void settle(Peer& peer) {
    while (step(peer)) {
    }
  }
  void take(Peer& peer, snapshot::Builder& builder, const Version& target, std::uint64_t nonce, bool ack) {
    const auto rejections = builder.rejections();
    auto next = builder.finish(target);
    REQUIRE(next);
    peer.config = *next;
    unsent.Clear();
    unsent.set_nonce(nonce);
    *unsent.mutable_have() = peer.have();
    unsent.mutable_rejected()->Add(rejections.begin(), rejections.end());
    if (ack) fleet.on_ack(peer.session, unsent, now);
  }

  SteadyTime now{1h};
  Model model;
  std::uint64_t number = 0;
  Fleet fleet;
  Fleet::SessionId last_session = 0;
  v1::Ack unsent;
};

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
