// The money of this node's purses: what its workers hold, what was spent and not yet acknowledged by the control plane,
// and the newest balance anyone told of. Decides while Redis is away; what Redis knows of the node is a copy of it.
// Amounts are nano-USD; Redis gets micro-USD, holds and spending rounded up, balances down. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/limit/demand.h"

namespace sluice::limit {

// Money that the control plane has taken into its books.
struct Acknowledged {
  std::string purse;
  std::int64_t cost_nano = 0;
};

struct NewBalance {
  std::string purse;
  std::int64_t balance_nano = 0;  // of a budget: minus what was spent
  std::uint64_t version = 0;
};

class NodeMoney {
 public:
  // `live_nodes` tells how many nodes share the purses; 0 counts as 1.
  explicit NodeMoney(std::function<unsigned()> live_nodes) : live_nodes_(std::move(live_nodes)) {}

  // --- For the journal's reader and the uploader; any thread.

  // At start, before requests: a finished event of an earlier run that is not acknowledged yet.
  void recovered(const std::string& purse, std::int64_t cost_nano);
  // The control plane has booked `costs`; a balance that is not newer than the known one is ignored. Redis is told at
  // once, if it is there, else when it is back.
  void acknowledged(std::span<const Acknowledged> costs, std::span<const NewBalance> balances);

  // --- For the limiters of the node's workers.

  // Called, on the caller's thread, after acknowledged(). One listener; empty: none.
  void on_acknowledged(std::function<void()> listener);

  // Keeps the newest of what is known and what `purse` brings, and writes it there.
  void learn(PurseDemand& purse);
  // Admits by the node's share: own holds + own unacknowledged + hold <= (limit + balance) / live nodes. False: nothing
  // has changed. `available` is what was left of the share.
  [[nodiscard]] bool try_hold(const PurseDemand& purse, std::int64_t hold_nano, std::int64_t& available);
  // A hold that Redis was asked for; `delta_nano` < 0 ends one.
  void hold(const std::string& purse, std::int64_t delta_nano);
  // A hold became spending. Returns by how much the unacknowledged micro-USD rose.
  [[nodiscard]] std::int64_t spend(const std::string& purse, std::int64_t hold_nano, std::int64_t cost_nano);

  struct Report {
    std::string purse;
    std::int64_t acknowledged_micro = 0;  // what the unacknowledged fell by since the last report
    std::int64_t balance_micro = 0;
    std::uint64_t version = 0;
  };
  // Purses with news from acknowledged(); they are no news any more.
  [[nodiscard]] std::vector<Report> take_acknowledged();
  // Purses whose unacknowledged money Redis should be told of (again). Once per heartbeat: forgets idle purses too.
  [[nodiscard]] std::vector<std::string> take_unacknowledged();
  // Redis was not told, after all.
  void tell_again(const std::string& purse);

  struct Totals {
    std::int64_t held_nano = 0;
    std::int64_t unacked_nano = 0;
    std::int64_t balance_nano = 0;
    std::uint64_t version = 0;
  };
  [[nodiscard]] Totals totals(const std::string& purse) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Purse : Totals {
    std::int64_t acknowledged_micro = 0;
    bool news = false;    // from acknowledged()
    bool untold = false;  // the unacknowledged changed since take_unacknowledged()
    unsigned idle = 0;    // heartbeats
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Purse> purses;
  };
  [[nodiscard]] Shard& shard(const std::string& purse) const;

  std::function<unsigned()> live_nodes_;
  mutable std::array<Shard, 16> shards_;
  std::mutex listener_mutex_;
  std::function<void()> listener_;
};

// Micro-USD as Redis counts them.
[[nodiscard]] constexpr std::int64_t micro_up(std::int64_t nano) {
  return nano / 1000 + (nano % 1000 > 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int64_t micro_down(std::int64_t nano) {
  return nano / 1000 - (nano % 1000 < 0 ? 1 : 0);
}

}  // namespace sluice::limit
