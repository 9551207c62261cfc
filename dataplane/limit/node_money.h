// The money of this node's purses: what its workers hold, what was spent and not yet acknowledged by the control plane,
// and the newest balance anyone told of. Decides while Redis is away; what Redis knows of the node is a copy of it.
// Amounts are nano-USD; what goes to Redis is micro-USD, rounded up. Thread-safe.
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
  // The control plane has booked `costs`; `balances` are newer than what was known, or ignored. Redis learns of it
  // within a heartbeat.
  void acknowledged(std::span<const Acknowledged> costs, std::span<const NewBalance> balances);

  // --- For the limiters of the node's workers.

  // The newest of what is known and what `demand` brings, into `demand`.
  void learn(PurseDemand& demand);
  // Admits by the node's share: own holds + own unacknowledged + hold <= (limit + balance) / live nodes. False: nothing
  // has changed; `available` is what is left of the share, if not null.
  [[nodiscard]] bool try_hold(const PurseDemand& purse, std::int64_t hold_nano, std::int64_t* available);
  // Redis has admitted it, or it is in question: `delta_nano` < 0 ends a hold.
  void hold(const std::string& purse, std::int64_t delta_nano);
  // A hold became spending. Returns what unacknowledged micro-USD rises by.
  [[nodiscard]] std::int64_t spend(const std::string& purse, std::int64_t hold_nano, std::int64_t cost_nano);

  struct Report {
    std::string purse;
    std::int64_t unacked_micro = 0;       // all of the node's
    std::int64_t acknowledged_micro = 0;  // what it fell by since the last report
    std::int64_t balance_nano = 0;
    std::uint64_t version = 0;  // 0: no balance is known
  };
  // Purses with acknowledgements or balances that Redis was not told of; forgets that they are new.
  [[nodiscard]] std::vector<Report> take_acknowledged();
  // Purses with something unacknowledged; also forgets idle purses.
  [[nodiscard]] std::vector<Report> unacknowledged();

  struct Totals {
    std::int64_t held_nano = 0;
    std::int64_t unacked_nano = 0;
    std::int64_t balance_nano = 0;
    std::uint64_t version = 0;
  };
  [[nodiscard]] Totals totals(const std::string& purse) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Purse {
    std::int64_t held_nano = 0;
    std::int64_t unacked_nano = 0;
    std::int64_t balance_nano = 0;
    std::uint64_t version = 0;
    std::int64_t acknowledged_micro = 0;  // not told to Redis yet
    bool news = false;                    // a balance or an acknowledgement that Redis was not told of
    bool used = true;                     // since the last look at idle ones
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Purse> purses;
  };
  [[nodiscard]] Shard& shard(const std::string& purse) const;

  std::function<unsigned()> live_nodes_;
  mutable std::array<Shard, 16> shards_;
};

}  // namespace sluice::limit
