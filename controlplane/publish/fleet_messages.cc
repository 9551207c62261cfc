// What the fleet sends, message by message.
#include "controlplane/publish/fleet.h"

namespace sluice::publish {

using config::v1::SubscribeResponse;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kPartBytes = 900 * 1024;
// A resource's fields around its payload.
constexpr std::size_t kEnvelopeBytes = 64;
constexpr std::size_t kMostCommands = 64;

std::size_t wire_size(const config::v1::Resource& resource) {
  return resource.payload().size() + resource.moment().size() + resource.id().size() + kEnvelopeBytes;
}

}  // namespace

std::optional<SubscribeResponse> Fleet::next_message(SessionId session, SteadyTime now) {
  const auto found = nodes_.find(session);
  if (found == nodes_.end()) return std::nullopt;
  Node& node = found->second;
  std::optional<SubscribeResponse> message;
  if (!node.welcomed) {
    node.welcomed = true;
    message = welcome();
  } else if (!node.commands.empty()) {
    *message.emplace().mutable_command() = std::move(node.commands.front());
    node.commands.pop_front();
  } else if (node.next_part < node.parts.size()) {
    message = next_part(node);
  } else {
    if (!node.unacked) message = update(session, node, now);
    // Messages keep their order: after what is under way the node has that.
    if (!message) message = beat(node, node.unacked ? *node.unacked : target(session, node), now);
  }
  if (!message) return std::nullopt;
  message->set_nonce(++node.nonce);
  if (node.unacked && (message->has_delta() || message->has_snapshot())) node.unacked_nonce = node.nonce;
  return message;
}

std::size_t Fleet::command_all(const config::v1::Command& command) {
  for (auto& [id, node] : nodes_) {
    if (node.commands.size() == kMostCommands) node.commands.pop_front();
    node.commands.push_back(command);
  }
  changed_ = true;
  return nodes_.size();
}

void Fleet::set_drains(std::set<std::string> wanted) {
  drains_ = std::move(wanted);
  for (auto& [id, node] : nodes_)
    tell_to_drain(node, node.told_to_drain.value_or(node.view.status.draining()));
}

// Told again with every status that says otherwise: a command may get lost with its stream.
void Fleet::tell_to_drain(Node& node, bool believed) {
  if (!drains_) return;
  const bool wanted = drains_->contains(node.view.node_id);
  if (wanted == believed) return;
  config::v1::Command command;
  wanted ? command.set_drain(true) : command.set_undrain(true);
  if (node.commands.size() == kMostCommands) node.commands.pop_front();
  node.commands.push_back(std::move(command));
  node.told_to_drain = wanted;
  changed_ = true;
}

SubscribeResponse Fleet::welcome() const {
  SubscribeResponse message;
  config::v1::Welcome& out = *message.mutable_welcome();
  out.set_live_nodes(static_cast<std::uint32_t>(nodes_.size()));
  out.set_heartbeat_ms(static_cast<std::uint32_t>(options_.heartbeat.count()));
  const milliseconds spread = options_.spread_base + options_.spread_per_node * nodes_.size();
  out.set_reconnect_spread_ms(static_cast<std::uint32_t>(spread.count()));
  return message;
}

std::optional<SubscribeResponse> Fleet::update(SessionId session, Node& node, SteadyTime now) {
  const Version& wanted = target(session, node);
  if (!node.wants_snapshot) {
    if (same(node.view.have, wanted)) return std::nullopt;
    const auto delta = book_.delta(node.view.have, wanted);
    std::size_t bytes = 0;
    if (delta) {
      for (const ResourcePtr& resource : *delta)
        bytes += wire_size(*resource);
    }
    if (delta && bytes <= kPartBytes) {
      SubscribeResponse message;
      *message.mutable_delta()->mutable_from() = node.view.have;
      *message.mutable_delta()->mutable_to() = wanted;
      for (const ResourcePtr& resource : *delta)
        *message.mutable_delta()->add_resources() = *resource;
      node.unacked = wanted;
      ++counters_.deltas;
      if (trial_.state == Trial::State::kRunning && trial_.session == session) {
        trial_.number = wanted.number();
        trial_.since = now;
      }
      return message;
    }
    node.wants_snapshot = true;
  }
  // A node is never refused for being one too many: it waits here, on what it has.
  if (snapshots_ >= options_.snapshots_at_once) return std::nullopt;
  ++snapshots_;
  ++counters_.snapshots;
  node.holds_snapshot_slot = true;
  node.wants_snapshot = false;
  node.parts = book_.snapshot();
  node.next_part = 0;
  node.unacked = book_.released();
  return next_part(node);
}

SubscribeResponse Fleet::next_part(Node& node) {
  SubscribeResponse message;
  config::v1::SnapshotPart& part = *message.mutable_snapshot();
  *part.mutable_target() = *node.unacked;
  std::size_t bytes = 0;
  while (node.next_part < node.parts.size()) {
    const ResourcePtr& next = node.parts[node.next_part];
    bytes += wire_size(*next);
    if (bytes > kPartBytes && part.resources_size() > 0) break;
    *part.add_resources() = *next;
    ++node.next_part;
  }
  part.set_last(node.next_part == node.parts.size());
  if (part.last()) {
    node.parts.clear();
    node.next_part = 0;
  }
  return message;
}

std::optional<SubscribeResponse> Fleet::beat(Node& node, const Version& current, SteadyTime now) {
  if (now < node.beat_at) return std::nullopt;
  const auto spread = static_cast<std::uint64_t>(options_.heartbeat.count()) * 2 / 5;
  node.beat_at = now + options_.heartbeat * 4 / 5 + milliseconds(random_(spread + 1));
  SubscribeResponse message;
  *message.mutable_heartbeat()->mutable_current() = current;
  message.mutable_heartbeat()->set_live_nodes(static_cast<std::uint32_t>(nodes_.size()));
  return message;
}

}  // namespace sluice::publish
