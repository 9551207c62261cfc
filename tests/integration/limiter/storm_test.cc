// Many requests on several nodes that come, wait, fail over, leave and end as they like: limits hold at every moment,
// and in the end nothing is left.
#include <mutex>
#include <random>

#include "tests/integration/limiter/node.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

constexpr std::int64_t kHold = 3'000'500;  // nano-USD, not a whole micro-dollar
constexpr std::int64_t kBalance = 1'000'000'000'000;

// Who runs where, counted outside of the limiter.
class Ledger {
 public:
  void enter(const std::string& scope, int limit) {
    const std::lock_guard lock(mutex_);
    worst_ = std::max(worst_, ++running_[scope] - limit);
  }
  void leave(const std::string& scope) {
    const std::lock_guard lock(mutex_);
    --running_[scope];
  }
  void spend(std::int64_t nano) {
    const std::lock_guard lock(mutex_);
    spent_ += nano;
  }
  // By how much a limit was exceeded at worst; not positive if never.
  [[nodiscard]] int worst() const { return worst_; }
  [[nodiscard]] std::int64_t spent() const { return spent_; }

 private:
  std::mutex mutex_;
  std::map<std::string, int> running_;
  int worst_ = -1000;
  std::int64_t spent_ = 0;
};

struct Storm {
  Node& node;
  Ledger& ledger;
  std::mt19937 random;
  int granted = 0;

  int below(int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); }
};

constexpr int kUserLimit = 3;
constexpr int kAccountLimit = 2;

Wish random_wish(Storm& storm) {
  Wish wish;
  wish.user = "u" + std::to_string(storm.below(4));
  wish.user_concurrency = kUserLimit;
  for (int i = 0; i < 3; ++i)
    wish.accounts.push_back({"a" + std::to_string(i), kAccountLimit, i / 2});
  if (storm.below(3) == 0) wish.accounts.erase(wish.accounts.begin() + storm.below(3));
  if (storm.below(2) == 0) wish.sticky = "c" + std::to_string(storm.below(5));
  wish.purses = {wallet(wish.user, kBalance)};
  wish.hold_nano = kHold;
  wish.may_wait = storm.below(5) != 0;
  return wish;
}

// Admits and waits as requests do, with a little patience. The index of the account, or -1.
io::Task<int> obtain(Storm& storm, Request& request) {
  const SteadyTime until = std::chrono::steady_clock::now() + milliseconds(storm.below(300));
  for (;;) {
    const Outcome outcome = co_await storm.node.limiter().admit(request.permit, request.demand);
    if (const auto* granted = std::get_if<Granted>(&outcome.result)) co_return static_cast<int>(granted->account);
    if (std::holds_alternative<Refused>(outcome.result)) co_return -1;
    if (std::holds_alternative<StickyElsewhere>(outcome.result)) {
      request.demand.sticky_unfit = true;
      continue;
    }
    const WaitResult result = co_await request.permit.wait_until(until);
    if (result.kind == WaitResult::Kind::kGrantedAccount) co_return static_cast<int>(result.account);
    if (result.kind != WaitResult::Kind::kTimeUp) continue;
    if (storm.below(2) == 0) co_return -1;
    request.permit.yield_sticky();
    request.demand.may_wait = false;
  }
}

io::Task<> one_request(Storm& storm, int number) {
  Request request("s" + std::to_string(number), random_wish(storm));
  int account = co_await obtain(storm, request);
  if (account < 0) co_return;
  storm.ledger.enter(request.wish.user, kUserLimit);
  for (int attempt = 0; account >= 0 && attempt < 3; ++attempt) {
    ++storm.granted;
    const std::string scope = "account:" + std::string(request.demand.accounts[static_cast<std::size_t>(account)].id);
    storm.ledger.enter(scope, kAccountLimit);
    if (storm.below(2) == 0) {
      const auto soon = std::chrono::steady_clock::now() + milliseconds(storm.below(20));
      co_await storm.node.limiter_worker().sleep_until(soon);
    }
    if (storm.below(4) == 0) (void)co_await request.permit.extend(kHold);
    storm.ledger.leave(scope);
    if (storm.below(3) != 0) break;
    request.permit.release_account();
    account = co_await obtain(storm, request);
  }
  if (storm.below(3) != 0) {
    const std::int64_t cost = storm.below(3'000'000);
    storm.ledger.spend(cost);
    request.permit.settle(cost, 0);
  }
  storm.ledger.leave(request.wish.user);
}

io::Task<Result<int>> client(Storm& storm, int number, int rounds) {
  for (int i = 0; i < rounds; ++i)
    co_await one_request(storm, number * 1000 + i);
  co_return storm.granted;
}

// Runs clients on all nodes; `meanwhile` runs on this thread.
template <class Meanwhile>
int run_storm(std::list<Node>& nodes, Ledger& ledger, int rounds, Meanwhile meanwhile) {
  std::list<Storm> storms;
  std::vector<std::future<Result<int>>> clients;
  for (Node& node : nodes) {
    Storm& storm = storms.emplace_back(Storm{node, ledger, std::mt19937(storms.size() + 1)});
    for (int i = 0; i < 15; ++i)
      clients.push_back(node.begin([&storm, i, rounds] { return client(storm, i, rounds); }));
  }
  meanwhile();
  for (auto& one : clients) {
    if (one.wait_for(2 * kGenerous) != std::future_status::ready) throw std::runtime_error("a client hangs");
  }
  int all = 0;
  for (const Storm& storm : storms)
    all += storm.granted;
  return all;
}

void check_nothing_left(RedisServer& server, std::list<Node>& nodes, const Ledger& ledger) {
  for (Node& node : nodes) {
    CHECK(node.held() == 0);
    CHECK(node.waiting() == 0);
  }
  const auto left = [&] {
    int sum = entries(server, "waiting");
    for (const char* scope : {"user:u0", "user:u1", "user:u2", "user:u3", "account:a0", "account:a1", "account:a2"})
      sum += entries(server, std::string("slots:") + scope) + entries(server, std::string("queue:") + scope);
    return sum;
  };
  CHECK(eventually(kGenerous, [&] { return left() == 0; }));
  const auto unacked = [&] {
    std::int64_t sum = 0;
    for (Node& node : nodes) {
      for (const char* user : {"user:u0", "user:u1", "user:u2", "user:u3"})
        sum += node.limits().money.totals(user).unacked_nano + node.limits().money.totals(user).held_nano;
    }
    return sum;
  };
  CHECK(unacked() == ledger.spent());
  const auto totals = [&](const char* field) {
    std::int64_t sum = 0;
    for (const char* user : {"user:u0", "user:u1", "user:u2", "user:u3"})
      sum += purse(server, user, field);
    return sum;
  };
  std::int64_t expected = 0;
  for (Node& node : nodes) {
    for (const char* user : {"user:u0", "user:u1", "user:u2", "user:u3"})
      expected += micro_up(node.limits().money.totals(user).unacked_nano);
  }
  CHECK(eventually(kGenerous, [&] { return totals("total") == expected; }));
}

TEST_CASE("a storm of requests never exceeds a limit and leaves nothing") {
  RedisServer server;
  std::list<Node> nodes;
  for (int i = 0; i < 3; ++i) {
    nodes.emplace_back(server.url(), NodeOptions{.name = "n" + std::to_string(i),
                                                 .lease = std::chrono::minutes(10),
                                                 .heartbeat = milliseconds(20 + 10 * i)});
    REQUIRE(nodes.back().by_redis());
  }
  Ledger ledger;
  CHECK(run_storm(nodes, ledger, 20, [] {}) > 100);
  CHECK(ledger.worst() <= 0);
  check_nothing_left(server, nodes, ledger);
}

TEST_CASE("a storm while Redis comes and goes hangs nobody and leaves nothing") {
  RedisServer server;
  std::list<Node> nodes;
  for (int i = 0; i < 3; ++i) {
    nodes.emplace_back(server.url(), NodeOptions{.name = "n" + std::to_string(i),
                                                 .lease = std::chrono::minutes(10),
                                                 .heartbeat = milliseconds(50),
                                                 .quarantine = milliseconds(300),
                                                 .command_limit = milliseconds(100)});
    nodes.back().live_nodes = 3;
    REQUIRE(nodes.back().by_redis());
  }
  Ledger ledger;
  const auto pause = [] { std::this_thread::sleep_for(milliseconds(250)); };
  const int granted = run_storm(nodes, ledger, 40, [&] {
    server.run("FLUSHALL");
    pause();
    server.pause();
    pause();
    server.resume();
    pause();
    server.kill9();
    pause();
    server.restart();
    pause();
    server.run("SCRIPT FLUSH");
    pause();
    server.run("FLUSHALL");
  });
  CHECK(granted > 100);
  for (Node& node : nodes)
    REQUIRE(node.by_redis());
  check_nothing_left(server, nodes, ledger);
}

}  // namespace
}  // namespace sluice::limit
