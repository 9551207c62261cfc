#include "common/io/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

namespace sluice::io {

struct Event::Limit final : TimerWheel::Entry {
  explicit Limit(Event& owner) : event(owner) {}
  void on_deadline() override {
    passed = true;
    event.sleepers_.cancel();
  }
  Event& event;
  bool passed = false;
};

Event::Event(Worker& worker)
    : worker_(worker), sleepers_(worker.context().get_executor(), std::chrono::steady_clock::time_point::max()) {}

Task<bool> Event::wait_until(SteadyTime deadline) {
  Limit limit(*this);
  if (!set_ && deadline <= worker_.clock().steady()) co_return false;
  worker_.timers().set(limit, deadline);
  while (!set_ && !limit.passed) {
    co_await sleepers_.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }
  co_return set_;
}

void Event::set() {
  set_ = true;
  sleepers_.cancel();
}

}  // namespace sluice::io
