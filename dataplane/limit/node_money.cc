#include "dataplane/limit/node_money.h"

#include <algorithm>

namespace sluice::limit {

namespace {

// Ten minutes of heartbeats: as long as Redis keeps what a silent owner holds.
constexpr unsigned kIdleHeartbeats = 120;

}  // namespace

NodeMoney::Shard& NodeMoney::shard(const std::string& purse) const {
  return shards_[std::hash<std::string>{}(purse) % shards_.size()];
}

void NodeMoney::recovered(const std::string& purse, std::int64_t cost_nano) {
  Shard& at = shard(purse);
  const std::lock_guard lock(at.mutex);
  Purse& one = at.purses[purse];
  one.unacked_nano += cost_nano;
  one.untold = true;
}

void NodeMoney::acknowledged(std::span<const Acknowledged> costs, std::span<const NewBalance> balances) {
  // Balances first: in no moment is money neither in the balance nor in what is unacknowledged.
  for (const NewBalance& balance : balances) {
    Shard& at = shard(balance.purse);
    const std::lock_guard lock(at.mutex);
    Purse& one = at.purses[balance.purse];
    one.idle = 0;
    if (balance.version <= one.version) continue;
    one.balance_nano = balance.balance_nano;
    one.version = balance.version;
    one.news = true;
  }
  for (const Acknowledged& cost : costs) {
    Shard& at = shard(cost.purse);
    const std::lock_guard lock(at.mutex);
    Purse& one = at.purses[cost.purse];
    const std::int64_t before = micro_up(one.unacked_nano);
    one.unacked_nano -= cost.cost_nano;
    one.acknowledged_micro += before - micro_up(one.unacked_nano);
    one.news = true;
    one.untold = true;
    one.idle = 0;
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_) listener_();
}

void NodeMoney::on_acknowledged(std::function<void()> listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void NodeMoney::learn(PurseDemand& purse) {
  Shard& at = shard(purse.id);
  const std::lock_guard lock(at.mutex);
  Purse& one = at.purses[purse.id];
  one.idle = 0;
  if (purse.known_version >= one.version) {
    one.balance_nano = purse.known_balance_nano;
    one.version = purse.known_version;
  }
  purse.known_balance_nano = one.balance_nano;
  purse.known_version = one.version;
}

bool NodeMoney::try_hold(const PurseDemand& purse, std::int64_t hold_nano, std::int64_t& available) {
  const auto nodes = static_cast<std::int64_t>(std::max(1U, live_nodes_()));
  Shard& at = shard(purse.id);
  const std::lock_guard lock(at.mutex);
  Purse& one = at.purses[purse.id];
  one.idle = 0;
  available = (purse.limit_nano + one.balance_nano) / nodes - one.held_nano - one.unacked_nano;
  if (available < hold_nano) return false;
  one.held_nano += hold_nano;
  return true;
}

void NodeMoney::hold(const std::string& purse, std::int64_t delta_nano) {
  Shard& at = shard(purse);
  const std::lock_guard lock(at.mutex);
  Purse& one = at.purses[purse];
  one.held_nano += delta_nano;
  one.idle = 0;
}

std::int64_t NodeMoney::spend(const std::string& purse, std::int64_t hold_nano, std::int64_t cost_nano) {
  Shard& at = shard(purse);
  const std::lock_guard lock(at.mutex);
  Purse& one = at.purses[purse];
  const std::int64_t before = micro_up(one.unacked_nano);
  one.held_nano -= hold_nano;
  one.unacked_nano += cost_nano;
  one.untold = one.untold || cost_nano != 0;
  one.idle = 0;
  return micro_up(one.unacked_nano) - before;
}

std::vector<NodeMoney::Report> NodeMoney::take_acknowledged() {
  std::vector<Report> reports;
  for (Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    for (auto& [id, one] : at.purses) {
      if (!std::exchange(one.news, false)) continue;
      reports.push_back({id, std::exchange(one.acknowledged_micro, 0), micro_down(one.balance_nano), one.version});
    }
  }
  return reports;
}

std::vector<std::string> NodeMoney::take_unacknowledged() {
  std::vector<std::string> purses;
  for (Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    for (auto entry = at.purses.begin(); entry != at.purses.end();) {
      Purse& one = entry->second;
      const bool tell = std::exchange(one.untold, false) || one.unacked_nano != 0;
      if (tell) purses.push_back(entry->first);
      const bool idle = !tell && one.held_nano == 0 && !one.news && ++one.idle > kIdleHeartbeats;
      entry = idle ? at.purses.erase(entry) : std::next(entry);
    }
  }
  return purses;
}

void NodeMoney::tell_again(const std::string& purse) {
  Shard& at = shard(purse);
  const std::lock_guard lock(at.mutex);
  at.purses[purse].untold = true;
}

NodeMoney::Totals NodeMoney::totals(const std::string& purse) const {
  const Shard& at = shard(purse);
  const std::lock_guard lock(at.mutex);
  const auto found = at.purses.find(purse);
  return found == at.purses.end() ? Totals{} : static_cast<Totals>(found->second);
}

std::size_t NodeMoney::size() const {
  std::size_t all = 0;
  for (const Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    all += at.purses.size();
  }
  return all;
}

}  // namespace sluice::limit
