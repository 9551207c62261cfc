#include "dataplane/limit/permit.h"

#include "dataplane/limit/limiter_state.h"

namespace sluice::limit {

Permit::Permit() = default;

Permit::~Permit() {
  release();
}

void Permit::release() noexcept {
  if (holding_) state_->close(*holding_);
  holding_ = nullptr;
  state_ = nullptr;
}

bool Permit::holds_account() const {
  return holding_ && holding_->has_account;
}

void Permit::release_account() {
  if (holding_) state_->release_account(*holding_);
}

io::Task<WaitResult> Permit::wait_until(SteadyTime until) {
  if (!holding_) co_return WaitResult{};
  co_return co_await LimiterState::wait(state_, holding_, until);
}

void Permit::yield_sticky() {
  if (holding_) holding_->yield_sticky = true;
}

void Permit::leave_queues() {
  if (holding_) state_->leave_queues(*holding_);
}

std::chrono::microseconds Permit::waited() const {
  return holding_ ? holding_->waited : std::chrono::microseconds(0);
}

io::Task<Result<>> Permit::extend(std::int64_t nano) {
  if (!holding_) co_return Result<>();
  co_return co_await LimiterState::extend(state_, holding_, nano);
}

void Permit::settle(std::int64_t cost_nano, std::uint32_t tokens) {
  if (holding_) state_->settle(*holding_, cost_nano, tokens);
}

std::vector<std::string> Permit::purses() const {
  std::vector<std::string> ids;
  if (!holding_) return ids;
  for (const PurseDemand& purse : holding_->purses)
    ids.push_back(purse.id);
  return ids;
}

std::int64_t Permit::hold_nano() const {
  return holding_ ? holding_->hold_nano : 0;
}

bool Permit::local() const {
  return holding_ && holding_->local;
}

}  // namespace sluice::limit
