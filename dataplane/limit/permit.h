// All that one request holds of the limits: slots, a place in queues, money. Destroying it gives everything back, at
// any moment, without waiting; what was not settled is not charged. Lives with the request; one worker, which it must
// not outlive.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/io/task.h"
#include "dataplane/limit/demand.h"

namespace sluice::limit {

class LimiterState;
struct Holding;

class Permit {
 public:
  Permit();  // holds nothing; Limiter::admit() fills it
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit();

  // A slot of an account is held.
  [[nodiscard]] bool holds_account() const;
  // For failover: gives only the account back. admit() then asks only for an account.
  void release_account();

  // After Waiting: until a slot is granted, or `until`, when it leaves the queues. It keeps its ticket either way.
  [[nodiscard]] io::Task<WaitResult> wait_until(SteadyTime until);
  // Waited long enough for the conversation's own account: the next admit() asks all accounts, with the same ticket.
  // Call it after wait_until() gave kTimeUp.
  void yield_sticky();
  // Gives up waiting: out of all queues. A wait_until() that is suspended returns kTimeUp at once.
  void leave_queues();
  // The time spent in wait_until() so far.
  [[nodiscard]] std::chrono::microseconds waited() const;

  // Holds so much more of every purse. kResourceExhausted if one of them cannot cover it: then nothing has changed.
  // Without Redis the node's share decides. No other errors.
  [[nodiscard]] io::Task<Result<>> extend(std::int64_t nano);
  // Once, after FINAL is in the journal: the holds end, `cost_nano` counts as spent and not yet acknowledged
  // (NodeMoney). `tokens`: those really used. Slots stay until the permit ends. Without it nothing is charged.
  void settle(std::int64_t cost_nano, std::uint32_t tokens);
  // Purses that settle() charges, or has charged.
  [[nodiscard]] std::vector<std::string> purses() const;
  [[nodiscard]] std::int64_t hold_nano() const;  // 0 after settle()
  // Something was granted by the node's share, without Redis.
  [[nodiscard]] bool local() const;

  // Gives everything back now. admit() may be called anew, as for a new request.
  void release() noexcept;

 private:
  friend class Limiter;
  std::shared_ptr<LimiterState> state_;
  std::shared_ptr<Holding> holding_;
};

}  // namespace sluice::limit
