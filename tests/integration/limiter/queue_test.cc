#include "tests/integration/limiter/node.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

const Wish kOneAccount{.accounts = {{"a1", 1, 0}}};

int commands_of(RedisServer& server) {
  // Every command that the limits use is a script.
  const std::string answer = server.run(
      "EVAL \"local s=redis.call('INFO','commandstats') "
      "return tonumber(string.match(s,'cmdstat_evalsha:calls=(%d+)') or 0)\" 0");
  return std::stoi(answer.substr(1));
}

TEST_CASE("a freed slot goes to whoever has waited longest, on whichever node") {
  RedisServer server;
  Node one(server.url(), {.name = "n1"});
  Node two(server.url(), {.name = "n2"});
  REQUIRE(one.by_redis());
  REQUIRE(two.by_redis());
  auto holder = one.request(kOneAccount);
  REQUIRE(granted(one.admit(holder)));
  Node* holder_at = &one;

  struct Waiter {
    Node* node;
    Node::Handle request;
    std::future<Served> served;
  };
  std::list<Waiter> waiters;
  for (int i = 0; i < 8; ++i) {
    Node* node = i % 2 == 0 ? &two : &one;
    auto request = node->request(kOneAccount);
    waiters.push_back({node, request, node->begin_serve(request)});
    REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == i + 1; }));
  }
  CHECK(eventually(kGenerous, [&] { return one.waiting() + two.waiting() == 8; }));
  const auto later = one.request({.accounts = {{"a1", 1, 0}}, .may_wait = false});
  while (!waiters.empty()) {
    CHECK(refused_by(one.admit(later)) == "accounts");  // newcomers do not overtake
    holder_at->end(holder);
    Waiter first = std::move(waiters.front());
    waiters.pop_front();
    REQUIRE(get(std::move(first.served)).granted);
    for (const Waiter& other : waiters)
      CHECK(other.served.wait_for(milliseconds(0)) == std::future_status::timeout);
    CHECK(entries(server, "slots:account:a1") == 1);
    holder = first.request;
    holder_at = first.node;
  }
  holder_at->end(holder);
  CHECK(eventually(kGenerous, [&] { return granted(one.admit(later)); }));
}

TEST_CASE("waiting asks Redis for nothing") {
  RedisServer server;
  Node node(server.url(), {.heartbeat = std::chrono::hours(1)});
  REQUIRE(node.by_redis());
  const auto holder = node.request(kOneAccount);
  REQUIRE(granted(node.admit(holder)));
  const auto waiter = node.request(kOneAccount);
  REQUIRE(queued(node.admit(waiter)));
  auto waited = node.begin_wait(waiter, kGenerous);
  const int before = commands_of(server);
  CHECK(waited.wait_for(milliseconds(300)) == std::future_status::timeout);
  CHECK(commands_of(server) == before);
  node.end(holder);
  const WaitResult result = get(std::move(waited));
  CHECK(result.kind == WaitResult::Kind::kGrantedAccount);
  CHECK(node.call([&] { return waiter->permit.waited().count(); }) > 0);
  CHECK(commands_of(server) == before + 1);  // the release
}

TEST_CASE("who leaves a queue leaves no trace") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto holder = node.request(kOneAccount);
  REQUIRE(granted(node.admit(holder)));
  const auto gone = node.request(kOneAccount);
  const auto stays = node.request(kOneAccount);
  REQUIRE(queued(node.admit(gone)));
  REQUIRE(queued(node.admit(stays)));
  auto waited = node.begin_wait(stays, kGenerous);

  SECTION("by destroying the permit") {
    node.end(gone);
  }
  SECTION("by leaving while it waits") {
    auto other = node.begin_wait(gone, kGenerous);
    node.call([&] {
      gone->permit.leave_queues();
      return 0;
    });
    CHECK(get(std::move(other)).kind == WaitResult::Kind::kTimeUp);
  }
  SECTION("because its time is up") {
    CHECK(node.wait(gone, milliseconds(1)).kind == WaitResult::Kind::kTimeUp);
  }
  CHECK(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 1; }));
  CHECK(entries(server, "waiting") == 1);
  node.end(holder);
  CHECK(get(std::move(waited)).kind == WaitResult::Kind::kGrantedAccount);
  node.end_all();
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") == 0; }));
}

TEST_CASE("a slot that was handed to someone who leaves is handed on") {
  RedisServer server;
  Node one(server.url(), {.name = "n1"});
  Node two(server.url(), {.name = "n2"});
  REQUIRE(one.by_redis());
  REQUIRE(two.by_redis());
  const auto holder = one.request(kOneAccount);
  REQUIRE(granted(one.admit(holder)));
  const auto leaves = two.request(kOneAccount);
  REQUIRE(queued(two.admit(leaves)));
  const auto last = one.request(kOneAccount);
  REQUIRE(queued(one.admit(last)));
  auto waited = one.begin_wait(last, kGenerous);
  // The second node does not hear of the hand-over before it leaves.
  std::promise<void> blocked;
  std::promise<void> released;
  auto left = std::async(std::launch::async, [&] {
    return two.call([&] {
      blocked.set_value();
      released.get_future().wait();
      leaves->permit.leave_queues();
      return 0;
    });
  });
  blocked.get_future().wait();
  one.end(holder);
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 1; }));
  released.set_value();
  left.get();
  CHECK(get(std::move(waited)).kind == WaitResult::Kind::kGrantedAccount);
  CHECK(two.held() == 0);
  CHECK(entries(server, "slots:account:a1") == 1);
}

TEST_CASE("a waiter for several accounts gets one, and leaves the other queues") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const Wish both{.accounts = {{"a1", 1, 0}, {"a2", 1, 1}}};
  const auto first = node.request(both);
  const auto second = node.request(both);
  REQUIRE(node.serve(first).account == 0);
  REQUIRE(node.serve(second).account == 1);
  const auto waiter = node.request(both);
  auto served = node.begin_serve(waiter);
  REQUIRE(eventually(
      kGenerous, [&] { return entries(server, "queue:account:a1") == 1 && entries(server, "queue:account:a2") == 1; }));
  node.end(second);
  const Served result = get(std::move(served));
  CHECK(result.granted);
  CHECK(result.account == 1);
  CHECK(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 0; }));
  node.end(first);
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") == 0; }));
  CHECK(entries(server, "slots:account:a2") == 1);
}

TEST_CASE("a request that waits for its user holds nothing; once woken it asks for the rest") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const Wish wish{.user_concurrency = 1,
                  .accounts = {{"a1", 2, 0}},
                  .purses = {wallet("u1", 100'000'000)},
                  .hold_nano = 10'000'000};
  const auto holder = node.request(wish);
  REQUIRE(granted(node.admit(holder)));
  const auto waiter = node.request(wish);
  const Outcome outcome = node.admit(waiter);
  REQUIRE(queued(outcome));
  CHECK(std::get<Waiting>(outcome.result).scope == Waiting::For::kUser);
  CHECK(std::get<Waiting>(outcome.result).position == 0);
  CHECK(purse(server, "user:u1", "total") == 10'000);
  auto served = node.begin_serve(waiter);
  node.end(holder);
  CHECK(get(std::move(served)).granted);
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 10'000; }));
  CHECK(node.held() == 2);
  node.end(waiter);
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:user:u1") == 0; }));
  CHECK(purse(server, "user:u1", "total") == 0);
}

TEST_CASE("a full sticky account is waited for alone, until the request yields") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto bound = node.request({.accounts = {{"a1", 1, 0}}, .sticky = "c"});
  REQUIRE(granted(node.admit(bound)));
  const auto next = node.request({.accounts = {{"a1", 1, 0}, {"a2", 1, 0}}, .sticky = "c"});
  const Outcome outcome = node.admit(next);
  REQUIRE(queued(outcome));
  CHECK(std::get<Waiting>(outcome.result).scope == Waiting::For::kStickyAccount);
  CHECK(entries(server, "queue:account:a2") == 0);
  CHECK(node.wait(next, milliseconds(1)).kind == WaitResult::Kind::kTimeUp);
  node.call([&] {
    next->permit.yield_sticky();
    return 0;
  });
  const Served served = node.serve(next);
  CHECK(served.granted);
  CHECK(served.account == 1);
}

TEST_CASE("a lost message is healed by the heartbeat") {
  RedisServer server;
  Node node(server.url(), {.heartbeat = milliseconds(100)});
  REQUIRE(node.by_redis());
  const auto holder = node.request(kOneAccount);
  REQUIRE(granted(node.admit(holder)));
  const auto waiter = node.request(kOneAccount);
  REQUIRE(queued(node.admit(waiter)));
  auto waited = node.begin_wait(waiter, kGenerous);
  // As if another node handed it the slot while the channels were away.
  server.run(
      "EVAL \"redis.call('DEL',KEYS[1],KEYS[2]) redis.call('ZREM',KEYS[3],'n1/0:'..ARGV[1]) "
      "redis.call('ZADD',KEYS[1],99999999999999,'n1/0:'..ARGV[1])\" 3 sluice:2:{f}:slots:account:a1 "
      "sluice:2:{f}:queue:account:a1 sluice:2:{f}:waiting " +
      waiter->id);
  const WaitResult result = get(std::move(waited));
  CHECK(result.kind == WaitResult::Kind::kGrantedAccount);
  node.end_all();
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") == 0; }));
}

}  // namespace
}  // namespace sluice::limit
