#include "controlplane/publish/fleet.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/observe/log.h"
#include "common/resource/validate.h"

namespace sluice::publish {

using config::v1::Resource;
using config::v1::SubscribeResponse;
using std::chrono::milliseconds;

namespace {

constexpr int kMissedBeats = 3;

// What takes something away, or keeps accounts working, waits for nobody.
bool urgent(const std::vector<Resource>& changed) {
  return std::ranges::any_of(changed, [](const Resource& resource) {
    return resource.state() != config::v1::STATE_ACTIVE || resource.kind() == config::v1::KIND_CREDENTIAL;
  });
}

}  // namespace

Fleet::Fleet(FleetOptions options, std::function<std::uint64_t(std::uint64_t)> random)
    : options_(options), random_(std::move(random)) {}

void Fleet::reset(const std::string& epoch, std::uint64_t number, std::vector<Resource> all, std::deque<Touch> history,
                  SteadyTime) {
  book_.reset(epoch, number, std::move(all), std::move(history));
  trial_ = Trial();
  for (auto& [id, node] : nodes_)
    end_snapshot(node);
  changed_ = true;
}

void Fleet::change(std::uint64_t number, std::vector<Resource> changed, SteadyTime now) {
  const bool at_once = urgent(changed);
  book_.add(number, std::move(changed), now);
  changed_ = true;
  if (at_once) return release_all(now);
  if (trial_.state != Trial::State::kRunning) start_trial(0, now);
}

void Fleet::release_all(SteadyTime now) {
  book_.release_up_to(book_.newest().number(), now);
  trial_ = Trial();
  changed_ = true;
}

void Fleet::start_trial(SessionId preferred, SteadyTime now) {
  if (!book_.waiting()) return;
  // One that is up to date shows the result soonest.
  auto chosen = nodes_.find(preferred);
  for (auto node = nodes_.begin(); chosen == nodes_.end() && node != nodes_.end(); ++node) {
    if (!node->second.unacked && same(node->second.view.have, book_.released())) chosen = node;
  }
  if (chosen == nodes_.end()) return release_all(now);
  trial_ = {.state = Trial::State::kRunning, .session = chosen->first, .number = 0, .since = now};
  changed_ = true;
}

void Fleet::stop_trial(Trial::State state, const std::string& node_id, const char* why) {
  trial_.state = state;
  ++counters_.stopped_rollouts;
  observe::log(observe::Level::kError, "config_rollout_stopped",
               {{"version", book_.newest().number()}, {"node_id", node_id}, {"reason", why}});
}

void Fleet::judge_trial(SessionId session, Node& node, bool refused, SteadyTime now) {
  if (trial_.state != Trial::State::kRunning || trial_.session != session || trial_.number == 0) return;
  if (refused) return stop_trial(Trial::State::kRefused, node.view.node_id, "the first node refused a part of it");
  if (node.view.have.number() < trial_.number) return;
  book_.release_up_to(trial_.number, now);
  trial_ = Trial();
  changed_ = true;
  start_trial(0, now);
}

const Version& Fleet::target(SessionId session, const Node& node) const {
  if (trial_.state == Trial::State::kRunning && trial_.session == session) return book_.newest();
  // The first node of a stopped version keeps it: nothing goes back.
  if (book_.is_waiting(node.view.have)) return node.view.have;
  return book_.released();
}

Result<Fleet::SessionId> Fleet::open(SessionId session, const config::v1::Hello& hello, SteadyTime now) {
  if (!book_.ready()) return fail(ErrorCode::kUnavailable, "the control plane has not loaded the config yet");
  SessionId replaced = 0;
  for (const auto& [id, other] : nodes_) {
    if (other.view.node_id != hello.node_id()) continue;
    const bool silent = now - other.heard_at > options_.heartbeat * kMissedBeats;
    if (other.view.boot_id != hello.boot_id() && !silent) {
      return fail(ErrorCode::kAlreadyExists,
                  fmt::format("another live process has the node id {}: give each its own", hello.node_id()));
    }
    replaced = id;
  }
  if (replaced != 0) close(replaced, now);
  Node& node = nodes_[session];
  node.view.node_id = hello.node_id();
  node.view.boot_id = hello.boot_id();
  node.view.build = hello.build();
  node.view.have = hello.have();
  node.view.rejected.assign(hello.rejected().begin(), hello.rejected().end());
  node.heard_at = now;
  node.beat_at = now;
  if (trial_.state == Trial::State::kLost) start_trial(session, now);
  return replaced;
}

bool Fleet::note_rejections(Node& node, const config::v1::Ack& ack) {
  const std::vector<config::v1::Rejection> before = std::move(node.view.rejected);
  node.view.rejected.assign(ack.rejected().begin(), ack.rejected().end());
  bool more = false;
  for (const config::v1::Rejection& rejection : node.view.rejected) {
    const bool known = std::ranges::any_of(before, [&](const config::v1::Rejection& old) {
      return old.kind() == rejection.kind() && old.id() == rejection.id() && old.revision() == rejection.revision();
    });
    if (known) continue;
    more = true;
    ++counters_.rejections;
    observe::log(observe::Level::kError, "config_resource_rejected",
                 {{"node_id", node.view.node_id},
                  {"kind", resource::name(rejection.kind())},
                  {"id", rejection.id()},
                  {"revision", rejection.revision()},
                  {"reason", rejection.reason()}});
  }
  return more;
}

void Fleet::on_ack(SessionId session, const config::v1::Ack& ack, SteadyTime now) {
  const auto found = nodes_.find(session);
  if (found == nodes_.end()) return;
  Node& node = found->second;
  node.heard_at = now;
  node.view.have = ack.have();
  node.news = node.urgent_news = true;
  const bool refused_more = !ack.need_snapshot() && note_rejections(node, ack);
  if (ack.need_snapshot()) {
    end_snapshot(node);
    node.wants_snapshot = true;
  } else if (node.unacked && ack.nonce() == node.unacked_nonce) {
    end_snapshot(node);
  }
  judge_trial(session, node, ack.need_snapshot() || refused_more, now);
  changed_ = true;
}

void Fleet::on_status(SessionId session, const config::v1::NodeStatus& status, SteadyTime now) {
  const auto found = nodes_.find(session);
  if (found == nodes_.end()) return;
  found->second.heard_at = now;
  found->second.view.status = status;
  found->second.news = true;
  tell_to_drain(found->second, status.draining());
}

void Fleet::close(SessionId session, SteadyTime now) {
  const auto found = nodes_.find(session);
  if (found == nodes_.end()) return;
  end_snapshot(found->second);
  found->second.view.connected = false;
  found->second.view.status.set_ready(false);
  ++counters_.lost_streams;
  const std::string node_id = found->second.view.node_id;
  gone_.push_back(std::move(found->second.view));
  nodes_.erase(found);
  changed_ = true;
  if (trial_.state != Trial::State::kRunning || trial_.session != session) return;
  if (trial_.number == 0) {
    trial_ = Trial();
    start_trial(0, now);
  } else {
    stop_trial(Trial::State::kLost, node_id, "the stream of the first node ended");
  }
}

std::vector<Fleet::SessionId> Fleet::tick(SteadyTime now) {
  if (trial_.state == Trial::State::kRunning && now - trial_.since >= options_.trial) release_all(now);
  std::vector<SessionId> silent;
  for (const auto& [id, node] : nodes_) {
    if (now - node.heard_at > options_.heartbeat * kMissedBeats * 6 / 5) silent.push_back(id);
  }
  return silent;
}

void Fleet::end_snapshot(Node& node) {
  if (std::exchange(node.holds_snapshot_slot, false)) {
    --snapshots_;
    changed_ = true;
  }
  node.parts.clear();
  node.next_part = 0;
  node.unacked.reset();
}

std::vector<NodeView> Fleet::take_views(SteadyTime now) {
  std::vector<NodeView> out = std::exchange(gone_, {});
  for (auto& [id, node] : nodes_) {
    if (!node.news || (!node.urgent_news && now - node.viewed_at < std::chrono::seconds(5))) continue;
    node.news = node.urgent_news = false;
    node.viewed_at = now;
    out.push_back(node.view);
  }
  return out;
}

}  // namespace sluice::publish
