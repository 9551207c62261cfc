// A fleet and the nodes that talk to it, all in memory: what the tests of the fleet's decisions share.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "controlplane/publish/fleet.h"
#include "tests/unit/snapshot/resources.h"

namespace sluice::testing {

using config::v1::SubscribeResponse;
using publish::Fleet;
using publish::FleetOptions;
using publish::same;
using publish::Version;

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

  SteadyTime now{std::chrono::hours(1)};
  Model model;
  std::uint64_t number = 0;
  Fleet fleet;
  Fleet::SessionId last_session = 0;
  v1::Ack unsent;
};

}  // namespace sluice::testing
