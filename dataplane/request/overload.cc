#include "dataplane/request/overload.h"

#include <utility>

#include "common/base/random.h"

namespace sluice::request {

namespace {

constexpr std::chrono::milliseconds kInterval{100};

observe::Labels labels(const io::Worker& worker) {
  return {{"worker", std::to_string(worker.index())}};
}

}  // namespace

Overload::Overload(io::Worker& worker, OverloadLimits limits, observe::MetricsRegistry& metrics)
    : worker_(worker),
      limits_(limits),
      probe_(worker),
      control_(limits.loop_delay),
      shed_(metrics.counter("sluice_shed_total", "Requests refused because the worker is overloaded", labels(worker))),
      no_room_(metrics.counter("sluice_no_room_total", "Requests refused because bodies take too much memory",
                               labels(worker))),
      connections_refused_(
          metrics.counter("sluice_connections_refused_total", "Connections beyond the limit", labels(worker))),
      share_gauge_(metrics.gauge("sluice_shed_share", "Share of new requests that are refused", labels(worker))) {}

void Overload::start() {
  worker_.spawn_background(measure(this));
}

io::Task<> Overload::measure(Overload* self) {
  const Clock& clock = self->worker_.clock();
  for (;;) {
    co_await self->worker_.sleep_until(clock.steady() + kInterval);
    const std::chrono::nanoseconds delay = co_await self->probe_.measure();
    self->control_.measured(delay, clock.steady());
    self->share_gauge_.Set(self->control_.share());
  }
}

bool Overload::Taken::take(Overload& overload) {
  if (!overload.control_.takes(overload.worker_.clock().steady(), static_cast<double>(random_below(1000)) / 1000.0)) {
    overload.shed_.Increment();
    return false;
  }
  overload_ = &overload;
  return true;
}

bool Overload::takes_connection(std::size_t open) {
  if (open < limits_.connections) return true;
  connections_refused_.Increment();
  return false;
}

Overload::Room::Room(Room&& other) noexcept
    : overload_(std::exchange(other.overload_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Overload::Room& Overload::Room::operator=(Room&& other) noexcept {
  if (this != &other) {
    give_back();
    overload_ = std::exchange(other.overload_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

bool Overload::Room::take(Overload& overload, std::size_t bytes) {
  if (overload.bytes_ + bytes > overload.limits_.body_bytes) {
    overload.no_room_.Increment();
    return false;
  }
  give_back();
  overload.bytes_ += bytes;
  overload_ = &overload;
  bytes_ = bytes;
  return true;
}

void Overload::Room::give_back() {
  if (overload_ != nullptr) overload_->bytes_ -= bytes_;
  overload_ = nullptr;
  bytes_ = 0;
}

}  // namespace sluice::request
