#include "dataplane/request/shed_control.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <optional>

namespace sluice::request {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kLimit{250};
constexpr milliseconds kBetweenProbes{100};
constexpr SteadyTime kStart{std::chrono::hours(1)};

// A worker as a queue: requests come evenly, each costs the same time of the loop, a refusal costs a tenth of that. A
// probe waits for all that came before it.
class Worker {
 public:
  explicit Worker(microseconds cost) : cost_(cost) {}

  struct Seen {
    int came = 0;
    int served = 0;
    nanoseconds longest{0};  // in the queue
  };

  // So many requests per second for so long.
  Seen run(int rate, milliseconds time) {
    Seen seen;
    const nanoseconds between = nanoseconds(1'000'000'000) / rate;
    const SteadyTime end = now_ + time;
    while (now_ < end) {
      for (; next_ <= now_; next_ += between, ++seen.came)
        queue_.push_back(next_);
      if (!probe_ && now_ >= next_probe_) probe_ = {now_, queue_.size()};
      if (probe_ && probe_->before == 0) {
        control.measured(now_ - probe_->sent, now_);
        next_probe_ = now_ + kBetweenProbes;
        probe_.reset();
      }
      if (queue_.empty()) {
        now_ = std::min(next_, std::max(next_probe_, now_ + microseconds(1)));
        continue;
      }
      seen.longest = std::max<nanoseconds>(seen.longest, now_ - queue_.front());
      queue_.pop_front();
      if (probe_) --probe_->before;
      chance_ = std::fmod(chance_ + 0.618034, 1.0);
      const bool takes = control.takes(now_, chance_);
      now_ += takes ? cost_ : cost_ / 10;
      if (!takes) continue;
      ++seen.served;
      control.finished();
    }
    return seen;
  }
  ShedControl control{kLimit};

 private:
  struct Probe {
    SteadyTime sent;
    std::size_t before = 0;
  };
  const microseconds cost_;
  SteadyTime now_ = kStart;
  SteadyTime next_ = kStart;
  SteadyTime next_probe_ = kStart;
  std::optional<Probe> probe_;
  std::deque<SteadyTime> queue_;
  double chance_ = 0;
};

TEST_CASE("a worker that keeps up takes everything") {
  Worker worker(microseconds(200));
  const Worker::Seen seen = worker.run(4500, milliseconds(10'000));
  CHECK(seen.served >= seen.came - 1);
  CHECK_FALSE(worker.control.overloaded());
}

TEST_CASE("at twice saturation nearly as much is served as at the peak, and in time") {
  for (const microseconds cost : {microseconds(100), microseconds(200), microseconds(1000)}) {
    const int peak = static_cast<int>(1'000'000 / cost.count());
    Worker worker(cost);
    (void)worker.run(peak / 2, milliseconds(2000));
    (void)worker.run(2 * peak, milliseconds(3000));
    const Worker::Seen seen = worker.run(2 * peak, milliseconds(10'000));
    // Refusals of a tenth cost themselves a ninth of the time.
    CHECK(seen.served > 0.85 * peak * 10);
    CHECK(seen.longest < milliseconds(700));
  }
}

TEST_CASE("more and more is still served when ten times as much comes") {
  Worker worker(microseconds(200));
  (void)worker.run(2000, milliseconds(2000));
  (void)worker.run(45'000, milliseconds(10'000));
  const Worker::Seen seen = worker.run(20'000, milliseconds(10'000));
  CHECK(seen.served > 0.5 * 5000 * 10);
}

TEST_CASE("after the rush everything is taken again") {
  Worker worker(microseconds(200));
  (void)worker.run(10'000, milliseconds(10'000));
  (void)worker.run(4000, milliseconds(3000));
  const Worker::Seen seen = worker.run(4000, milliseconds(5000));
  CHECK_FALSE(worker.control.overloaded());
  CHECK(seen.served >= seen.came - 1);
  CHECK(worker.control.share() == 0);
}

TEST_CASE("one long turn of the loop is no overload") {
  ShedControl control(kLimit);
  SteadyTime now = kStart;
  for (int i = 0; i < 20; ++i) {
    now += kBetweenProbes;
    control.measured(i == 10 ? milliseconds(900) : milliseconds(1), now);
    CHECK_FALSE(control.overloaded());
    CHECK(control.takes(now, 0.99));
  }
}

TEST_CASE("a worker that finishes nothing still takes a tenth") {
  ShedControl control(kLimit);
  SteadyTime now = kStart;
  for (int i = 0; i < 5; ++i)
    control.measured(milliseconds(1000), now += milliseconds(1100));
  REQUIRE(control.overloaded());
  int taken = 0;
  for (int i = 0; i < 1000; ++i)
    taken += control.takes(now, i / 1000.0) ? 1 : 0;
  CHECK(taken == 100);
  control.measured(milliseconds(1), now += kBetweenProbes);  // 900 were refused since
  control.measured(milliseconds(1), now += kBetweenProbes);
  CHECK_FALSE(control.overloaded());
  CHECK(control.takes(now, 0.99));
}

}  // namespace
}  // namespace sluice::request
