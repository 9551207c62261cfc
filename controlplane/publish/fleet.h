// Who is connected, what each node runs, and what it gets next. Per node there is a target, not a queue: a slow node
// gets one merged delta. A version goes to one node first; its ack opens the rest. Not thread-safe; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/publish/book.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::publish {

struct FleetOptions {
  std::chrono::milliseconds heartbeat{10'000};
  // How long the first node may take to acknowledge before the others get the version as well.
  std::chrono::milliseconds trial{2'000};
  // Spread of reconnects after a restart: base + per_node * nodes.
  std::chrono::milliseconds spread_base{5'000};
  std::chrono::milliseconds spread_per_node{20};
  int snapshots_at_once = 4;
};

// What the admin API shows of a node.
struct NodeView {
  std::string node_id;
  std::string boot_id;
  std::string build;
  Version have;
  config::v1::NodeStatus status;
  std::vector<config::v1::Rejection> rejected;
  bool connected = true;
};

struct FleetCounters {
  std::uint64_t deltas = 0, snapshots = 0, rejections = 0, stopped_rollouts = 0, lost_streams = 0;
};

class Fleet {
 public:
  using SessionId = std::uint64_t;
  // `random(bound)`: a number below the bound, for the spread of heartbeats.
  Fleet(FleetOptions options, std::function<std::uint64_t(std::uint64_t)> random);

  // The config. `reset` makes every node that holds something else take a delta or a snapshot.
  void reset(const std::string& epoch, std::uint64_t number, std::vector<config::v1::Resource> all,
             std::deque<Touch> history, SteadyTime now);
  void change(std::uint64_t number, std::vector<config::v1::Resource> changed, SteadyTime now);

  // A node said hello. Returns the session that it replaces (0: none): the caller ends that one. kAlreadyExists if
  // another live process has this node id; kUnavailable before the first reset.
  [[nodiscard]] Result<SessionId> open(SessionId session, const config::v1::Hello& hello, SteadyTime now);
  void on_ack(SessionId session, const config::v1::Ack& ack, SteadyTime now);
  void on_status(SessionId session, const config::v1::NodeStatus& status, SteadyTime now);
  void close(SessionId session, SteadyTime now);
  // Sessions that have been silent for three heartbeats; the caller ends them. Also opens trials that took too long.
  [[nodiscard]] std::vector<SessionId> tick(SteadyTime now);

  // What to write to this node now, if anything. Call again once it is written.
  [[nodiscard]] std::optional<config::v1::SubscribeResponse> next_message(SessionId session, SteadyTime now);
  // Sends a command to every node that has been welcomed or will be. Returns how many. A node that does not read keeps
  // the newest few.
  std::size_t command_all(const config::v1::Command& command);
  // The nodes that shall be drained, by node id; all others shall not. Tells those connected, now or later, once.
  void set_drains(std::set<std::string> wanted);
  // True once after anything that may give other nodes something to do.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }

  // Nodes with news since they were last taken; of an unimportant kind at most every 5 s per node.
  [[nodiscard]] std::vector<NodeView> take_views(SteadyTime now);
  [[nodiscard]] const Book& book() const { return book_; }
  [[nodiscard]] const FleetCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t live_nodes() const { return nodes_.size(); }

 private:
  struct Node {
    NodeView view;
    std::uint64_t nonce = 0;
    bool welcomed = false;
    bool wants_snapshot = false;
    std::deque<config::v1::Command> commands;
    std::optional<bool> told_to_drain;
    std::vector<ResourcePtr> parts;  // of the snapshot being sent, from next_part on
    std::size_t next_part = 0;
    bool holds_snapshot_slot = false;  // until the snapshot is acknowledged
    std::optional<Version> unacked;    // sent whole, not acknowledged; while sending a snapshot: its version
    std::uint64_t unacked_nonce = 0;
    SteadyTime heard_at{};
    SteadyTime beat_at{};
    SteadyTime viewed_at{};
    bool news = true;
    bool urgent_news = true;
  };
  // The first node of a version.
  struct Trial {
    enum class State : std::uint8_t { kNone, kRunning, kRefused, kLost } state = State::kNone;
    SessionId session = 0;
    std::uint64_t number = 0;  // 0 until the version is sent
    SteadyTime since{};
  };

  // True if the node refuses something that it did not refuse before.
  bool note_rejections(Node& node, const config::v1::Ack& ack);
  void start_trial(SessionId preferred, SteadyTime now);
  void judge_trial(SessionId session, Node& node, bool refused, SteadyTime now);
  void stop_trial(Trial::State state, const std::string& node_id, const char* why);
  void release_all(SteadyTime now);
  [[nodiscard]] const Version& target(SessionId session, const Node& node) const;
  [[nodiscard]] config::v1::SubscribeResponse welcome() const;
  [[nodiscard]] config::v1::SubscribeResponse next_part(Node& node);
  [[nodiscard]] std::optional<config::v1::SubscribeResponse> update(SessionId session, Node& node, SteadyTime now);
  [[nodiscard]] std::optional<config::v1::SubscribeResponse> beat(Node& node, const Version& current, SteadyTime now);
  void end_snapshot(Node& node);
  void tell_to_drain(Node& node, bool believed);

  const FleetOptions options_;
  const std::function<std::uint64_t(std::uint64_t)> random_;
  Book book_;
  std::map<SessionId, Node> nodes_;
  std::vector<NodeView> gone_;
  std::optional<std::set<std::string>> drains_;
  Trial trial_;
  int snapshots_ = 0;
  bool changed_ = false;
  FleetCounters counters_;
};

}  // namespace sluice::publish
