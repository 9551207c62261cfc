#include "common/io/timer_wheel.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

namespace sluice::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Alarm final : TimerWheel::Entry {
  void on_deadline() override {
    ++fired;
    if (then) then();
  }
  int fired = 0;
  std::function<void()> then;
};

const SteadyTime kStart = SteadyTime{} + std::chrono::hours(1);

TEST_CASE("a limit fires once, never early and at most a tick late") {
  for (int offset = 1; offset <= 200; ++offset) {
    TimerWheel wheel(kStart);
    Alarm alarm;
    const SteadyTime limit = kStart + milliseconds(offset);
    wheel.set(alarm, limit);
    SteadyTime now = kStart;
    while (now < limit - milliseconds(1)) {
      now += milliseconds(1);
      wheel.advance(now);
      REQUIRE(alarm.fired == 0);
    }
    wheel.advance(limit + TimerWheel::kTick);
    REQUIRE(alarm.fired == 1);
    wheel.advance(limit + seconds(200));
    REQUIRE(alarm.fired == 1);
  }
}

TEST_CASE("a limit can be moved later, earlier and away") {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.set(alarm, kStart + seconds(1));
  wheel.set(alarm, kStart + seconds(3));
  wheel.advance(kStart + seconds(2));
  CHECK(alarm.fired == 0);
  wheel.advance(kStart + seconds(3));
  CHECK(alarm.fired == 1);

  wheel.set(alarm, kStart + seconds(10));
  wheel.set(alarm, kStart + seconds(4));
  wheel.advance(kStart + seconds(4));
  CHECK(alarm.fired == 2);

  wheel.set(alarm, kStart + seconds(5));
  wheel.clear(alarm);
  wheel.advance(kStart + seconds(6));
  CHECK(alarm.fired == 2);
  wheel.set(alarm, kStart + seconds(7));
  wheel.advance(kStart + seconds(7));
  CHECK(alarm.fired == 3);
}

TEST_CASE("limits beyond the wheel's horizon are kept") {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.set(alarm, kStart + seconds(1800));
  for (int second = 1; second < 1800; ++second) {
    wheel.advance(kStart + seconds(second));
    REQUIRE(alarm.fired == 0);
  }
  wheel.advance(kStart + seconds(1800));
  CHECK(alarm.fired == 1);
}

TEST_CASE("after a stall longer than the wheel everything due fires and the rest stays") {
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int second = 1; second <= 400; ++second) {
    alarms.push_back(std::make_unique<Alarm>());
    wheel.set(*alarms.back(), kStart + seconds(second));
  }
  wheel.advance(kStart + seconds(300));
  for (int second = 1; second <= 400; ++second) {
    REQUIRE(alarms[static_cast<std::size_t>(second - 1)]->fired == (second <= 300 ? 1 : 0));
  }
  wheel.advance(kStart + seconds(400));
  CHECK(alarms.back()->fired == 1);
}

TEST_CASE("a limit in the past fires at the next turn") {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + seconds(10));
  Alarm alarm;
  wheel.set(alarm, kStart + seconds(1));
  wheel.advance(kStart + seconds(10) + TimerWheel::kTick);
  CHECK(alarm.fired == 1);
}

TEST_CASE("firing may destroy other entries, the same one, and set limits anew") {
  TimerWheel wheel(kStart);
  auto first = std::make_unique<Alarm>();
  auto second = std::make_unique<Alarm>();
  auto itself = std::make_unique<Alarm>();
  Alarm again;
  first->then = [&] { second.reset(); };
  itself->then = [&] { itself.reset(); };
  again.then = [&] { wheel.set(again, kStart + seconds(5)); };
  for (Alarm* alarm : {first.get(), second.get(), itself.get(), &again})
    wheel.set(*alarm, kStart + seconds(1));
  wheel.advance(kStart + seconds(1));
  CHECK(first->fired == 1);
  CHECK(second == nullptr);
  CHECK(itself == nullptr);
  CHECK(again.fired == 1);
  wheel.advance(kStart + seconds(5));
  CHECK(again.fired == 2);
}

}  // namespace
}  // namespace sluice::io
