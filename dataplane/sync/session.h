// The node's side of the config protocol, without I/O: events in, actions out. One thread. docs/config_sync.md.
//
// Invariant: the version a node names is the version of the snapshot it runs. Both change in the same step.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/snapshot/builder.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/sync/backoff.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::sync {

inline constexpr std::uint32_t kWireRevision = 1;

struct Identity {
  std::string node_id;
  std::string boot_id;
  std::string build;
  std::vector<std::string> features = {};
};

// What the caller does next, in this order.
struct Dial {};
struct Send {
  config::v1::SubscribeRequest message;
};
struct Hang {  // give the stream up; on_lost() follows from the caller
  std::string reason;
};
struct Use {  // from now on the snapshot in force; confirmed: it was in force already and is still the current one
  std::shared_ptr<const snapshot::Snapshot> snapshot;
  bool confirmed = false;
};
struct Obey {
  bool drain = false;
};
struct Find {  // answer with a DecisionAnswer
  config::v1::DecisionQuery query;
};
using Action = std::variant<Dial, Send, Hang, Use, Obey, Find>;
using Actions = std::vector<Action>;

// What a node has to do with one account at the moment.
struct AccountLoad {
  std::string account_id;
  std::uint32_t held = 0;  // slots
  std::uint32_t waiting = 0;
};

struct Report {  // for NodeStatus; from the rest of the node
  bool ready = false;
  bool draining = false;
  std::uint64_t open_streams = 0;
  std::uint64_t journal_records = 0;
  std::uint64_t journal_oldest_ms = 0;
  std::vector<AccountLoad> account_slots = {};
};

class Session {
 public:
  // `start`: from the disk copy, or the empty one (nothing held).
  Session(Identity identity, std::shared_ptr<const snapshot::Snapshot> start, Random random);

  [[nodiscard]] Actions on_connected(SteadyTime now);
  [[nodiscard]] Actions on_message(SteadyTime now, const config::v1::SubscribeResponse& message);
  [[nodiscard]] Actions on_lost(SteadyTime now);
  // Call at wake_at() at the latest, and once at the start.
  [[nodiscard]] Actions on_tick(SteadyTime now, const Report& report);
  [[nodiscard]] SteadyTime wake_at() const;

  [[nodiscard]] const std::shared_ptr<const snapshot::Snapshot>& current() const { return current_; }
  [[nodiscard]] bool connected() const { return phase_ == Phase::kOpen; }
  // The control plane has taken this stream: what is sent now is read.
  [[nodiscard]] bool welcome() const { return connected() && last_nonce_ > 0; }
  // Nodes in the fleet as the control plane last said; 1 before it has.
  [[nodiscard]] std::uint32_t live_nodes() const { return live_nodes_; }
  // Applied change sets and those refused as a whole, since the start.
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  enum class Phase : std::uint8_t { kWaiting, kDialing, kOpen, kHanging };

  void on_welcome(SteadyTime now, const config::v1::Welcome& welcome);
  void on_part(SteadyTime now, std::uint64_t nonce, const config::v1::SnapshotPart& part, Actions& out);
  void on_delta(SteadyTime now, std::uint64_t nonce, const config::v1::Delta& delta, Actions& out);
  void on_heartbeat(SteadyTime now, const config::v1::Heartbeat& beat, Actions& out);
  // False, and nothing changed, if the digest is wrong.
  bool finish(SteadyTime now, std::uint64_t nonce, snapshot::Builder& builder, const config::v1::Version& target,
              Actions& out);
  void ask_for_snapshot(std::uint64_t nonce, Actions& out);
  void became_good(SteadyTime now);
  void hang(std::string reason, Actions& out);
  void schedule_beat(SteadyTime now);
  [[nodiscard]] config::v1::Version have() const;
  void list_rejected(google::protobuf::RepeatedPtrField<config::v1::Rejection>& out) const;

  const Identity identity_;
  Random random_;
  Backoff backoff_;
  std::shared_ptr<const snapshot::Snapshot> current_;
  Phase phase_ = Phase::kWaiting;
  SteadyTime dial_at_{};
  SteadyTime heard_at_{};
  SteadyTime beat_at_{};
  std::optional<SteadyTime> good_since_;
  std::chrono::milliseconds heartbeat_{10'000};
  std::chrono::milliseconds spread_{5'000};
  std::uint64_t last_nonce_ = 0;
  std::unique_ptr<snapshot::Builder> incoming_;  // of a snapshot whose last part has not come
  bool asked_ = false;                           // a snapshot was asked for and has not come
  int strange_beats_ = 0;
  std::uint32_t live_nodes_ = 1;
  std::uint64_t applied_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace sluice::sync
