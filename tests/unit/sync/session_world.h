// A session with a hand-moved clock, and what it did as one line per action.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "dataplane/sync/session.h"
#include "tests/unit/snapshot/resources.h"

namespace sluice::testing {

using sync::Action;
using sync::Actions;
using sync::Dial;
using sync::Find;
using sync::Hang;
using sync::Obey;
using sync::Send;
using sync::Session;
using sync::Use;

struct Node {
  explicit Node(SnapshotPtr start = snapshot::Snapshot::empty())
      : session({"node-1", "boot-1", "build", {"provider:anthropic"}}, std::move(start),
                [](std::uint64_t bound) { return bound - 1; }) {}

  std::vector<std::string> note(Actions actions) {
    std::vector<std::string> lines;
    for (Action& action : actions) {
      if (std::holds_alternative<Dial>(action)) lines.push_back("dial");
      if (std::holds_alternative<Hang>(action)) lines.push_back("hang");
      if (auto* use = std::get_if<Use>(&action)) {
        lines.push_back(fmt::format("{} {}", use->confirmed ? "confirm" : "use", use->snapshot->version_number()));
      }
      if (auto* obey = std::get_if<Obey>(&action)) lines.push_back(obey->drain ? "drain" : "undrain");
      if (auto* find = std::get_if<Find>(&action)) {
        lines.push_back(fmt::format("find {} for {}", find->query.request_id(), find->query.query_id()));
      }
      if (auto* send = std::get_if<Send>(&action)) {
        sent = send->message;
        switch (sent.body_case()) {
          case v1::SubscribeRequest::kHello:
            lines.push_back("hello");
            break;
          case v1::SubscribeRequest::kStatus:
            lines.push_back("status");
            break;
          case v1::SubscribeRequest::kAck:
            lines.push_back(sent.ack().need_snapshot() ? "need_snapshot" : fmt::format("ack {}", sent.ack().nonce()));
            break;
          default:
            lines.push_back("other");
        }
      }
    }
    return lines;
  }
  std::vector<std::string> tick() { return note(session.on_tick(now, {})); }
  std::vector<std::string> connect() {
    REQUIRE(tick() == Lines{"dial"});
    nonce = 0;
    return note(session.on_connected(now));
  }
  std::vector<std::string> receive(v1::SubscribeResponse message) {
    message.set_nonce(++nonce);
    return note(session.on_message(now, message));
  }
  std::vector<std::string> welcome(std::uint32_t spread_ms = 5'000) {
    v1::SubscribeResponse message;
    message.mutable_welcome()->set_live_nodes(3);
    message.mutable_welcome()->set_heartbeat_ms(10'000);
    message.mutable_welcome()->set_reconnect_spread_ms(spread_ms);
    return receive(message);
  }
  std::vector<std::string> heartbeat(const v1::Version& version) {
    v1::SubscribeResponse message;
    *message.mutable_heartbeat()->mutable_current() = version;
    message.mutable_heartbeat()->set_live_nodes(4);
    return receive(message);
  }
  std::vector<std::string> part(const v1::Version& target, const Resources& resources, bool last = true) {
    v1::SubscribeResponse message;
    *message.mutable_snapshot()->mutable_target() = target;
    *message.mutable_snapshot()->mutable_resources() = resources;
    message.mutable_snapshot()->set_last(last);
    return receive(message);
  }
  std::vector<std::string> delta(const v1::Version& from, const v1::Version& to,
                                 const std::vector<v1::Resource>& what) {
    v1::SubscribeResponse message;
    *message.mutable_delta()->mutable_from() = from;
    *message.mutable_delta()->mutable_to() = to;
    *message.mutable_delta()->mutable_resources() = list(what);
    return receive(message);
  }

  using Lines = std::vector<std::string>;
  SteadyTime now{std::chrono::hours(1)};
  std::uint64_t nonce = 0;
  v1::SubscribeRequest sent;
  Session session;
};
using Lines = Node::Lines;

inline v1::Version put(Model& model, const v1::Resource& change) {
  model.put(change);
  return model.version();
}

}  // namespace sluice::testing
