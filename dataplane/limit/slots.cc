#include "dataplane/limit/slots.h"

#include "dataplane/limit/scripts.h"
#include "dataplane/limit/slot_table.h"

namespace sluice::limit {

Slots::Slots(io::Worker& worker, redis::Client& redis, LocalShare& share, SlotSettings settings,
             observe::MetricsRegistry& metrics)
    : worker_(worker), table_(std::make_shared<SlotTable>(worker, redis, share, std::move(settings), metrics)) {
  redis.add_script(acquire_script());
  redis.add_script(renew_script());
  redis.on_up([weak = std::weak_ptr(table_)] {
    if (const auto table = weak.lock()) table->on_redis_up();
  });
}

Slots::~Slots() {
  table_->stop();
}

void Slots::start() {
  worker_.spawn_background(SlotTable::keep_renewing(table_));
}

io::Task<Result<Lease>> Slots::acquire(std::string scope, std::uint32_t limit, std::string request) {
  return SlotTable::acquire(table_, std::move(scope), limit, std::move(request));
}

std::size_t Slots::held() const {
  return table_->held();
}

void Lease::release() noexcept {
  if (const auto table = std::exchange(table_, nullptr)) table->release(std::move(scope_), std::move(member_));
}

}  // namespace sluice::limit
