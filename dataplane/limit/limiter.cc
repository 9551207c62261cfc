#include "dataplane/limit/limiter.h"

#include "dataplane/limit/limiter_state.h"
#include "dataplane/limit/scripts.h"
#include "dataplane/redis/subscriber.h"

namespace sluice::limit {

Limiter::Limiter(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, NodeLimits& node,
                 LimiterSettings settings, observe::MetricsRegistry& metrics)
    : worker_(worker),
      node_(node),
      state_(std::make_shared<LimiterState>(worker, redis, node, std::move(settings), metrics)) {
  for (const redis::Script* script :
       {&admit_script(), &settle_script(), &leave_script(), &extend_script(), &assert_script(), &acknowledge_script(),
        &renew_slots_script(), &waiters_script(), &found_script()})
    redis.add_script(*script);
  const std::weak_ptr weak(state_);
  redis.on_up([weak] {
    if (const auto state = weak.lock()) state->on_redis_up();
  });
  subscriber.on_up([weak] {
    if (const auto state = weak.lock()) state->on_channels_up();
  });
  subscriber.subscribe(state_->names().wake_channel(state_->owner()), [weak](std::string_view message) {
    if (const auto state = weak.lock()) state->on_wake(message);
  });
  if (worker.index() != 0) return;
  node.money.on_acknowledged([weak, &worker] {
    worker.post([weak] {
      if (const auto state = weak.lock()) state->tell_acknowledged();
    });
  });
}

Limiter::~Limiter() {
  if (worker_.index() == 0) node_.money.on_acknowledged(nullptr);
  state_->stop();
}

void Limiter::start() {
  worker_.spawn_background(LimiterState::keep_alive(state_));
}

io::Task<Outcome> Limiter::admit(Permit& permit, const Demand& demand) {
  if (!permit.holding_) {
    permit.state_ = state_;
    permit.holding_ = state_->open(demand.request_id);
  }
  return LimiterState::admit(state_, permit.holding_, demand);
}

std::size_t Limiter::held() const {
  return state_->held();
}

std::size_t Limiter::waiting() const {
  return state_->waiting();
}

}  // namespace sluice::limit
