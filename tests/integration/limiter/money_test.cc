#include "tests/integration/limiter/node.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

constexpr std::int64_t kCent = 10'000'000;  // nano-USD; 10,000 micro-USD

Wish paid(std::int64_t balance, std::int64_t hold, std::uint64_t version = 1) {
  return {.purses = {wallet("u1", balance, version)}, .hold_nano = hold};
}

TEST_CASE("a hold becomes spending, and is gone once it is acknowledged") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto request = node.request(paid(10 * kCent, 4 * kCent));
  REQUIRE(granted(node.admit(request)));
  CHECK(node.call([&] { return request->permit.purses(); }) == std::vector<std::string>{"user:u1"});
  CHECK(node.call([&] { return request->permit.hold_nano(); }) == 4 * kCent);
  CHECK(purse(server, "user:u1", "h:n1/0") == 40'000);
  CHECK(purse(server, "user:u1", "total") == 40'000);

  node.end(request, kCent + 1);  // of a nano-dollar more than Redis can count
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "u:n1") == 10'001; }));
  CHECK(purse(server, "user:u1", "h:n1/0") == 0);
  CHECK(purse(server, "user:u1", "total") == 10'001);
  CHECK(refused_by(node.admit(node.request(paid(10 * kCent, 9 * kCent)))) == "wallet");

  const std::vector<Acknowledged> costs = {{"user:u1", kCent + 1}};
  const std::vector<NewBalance> balances = {{"user:u1", 9 * kCent - 1, 2}};
  node.limits().money.acknowledged(costs, balances);
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 0; }));
  CHECK(purse(server, "user:u1", "u:n1") == 0);
  CHECK(purse(server, "user:u1", "bal") == 89'999);
  CHECK(purse(server, "user:u1", "ver") == 2);
  // The snapshot is older: what the node learned counts.
  CHECK(refused_by(node.admit(node.request(paid(10 * kCent, 9 * kCent, 1)))) == "wallet");
  CHECK(granted(node.admit(node.request(paid(10 * kCent, 8 * kCent, 1)))));
}

TEST_CASE("a request that is not settled is not charged") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto request = node.request(paid(10 * kCent, 4 * kCent));
  REQUIRE(granted(node.admit(request)));
  node.end(request);
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 0; }));
  CHECK(node.limits().money.totals("user:u1").held_nano == 0);
  CHECK(node.limits().money.totals("user:u1").unacked_nano == 0);
}

TEST_CASE("a hold can grow while it is covered") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto request = node.request(paid(10 * kCent, 4 * kCent));
  REQUIRE(granted(node.admit(request)));
  CHECK(node.extend(request, 5 * kCent));
  CHECK_FALSE(node.extend(request, 2 * kCent));
  CHECK(node.extend(request, kCent));
  CHECK(node.call([&] { return request->permit.hold_nano(); }) == 10 * kCent);
  CHECK(purse(server, "user:u1", "total") == 100'000);
  node.end(request, 7 * kCent);
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 70'000; }));
}

TEST_CASE("money is never promised twice under parallel nodes") {
  RedisServer server;
  std::list<Node> nodes;
  for (int i = 0; i < 3; ++i)
    nodes.emplace_back(server.url(), NodeOptions{.name = "n" + std::to_string(i), .heartbeat = milliseconds(20)});
  for (Node& node : nodes)
    REQUIRE(node.by_redis());
  std::vector<std::future<Outcome>> asked;
  for (int i = 0; i < 30; ++i) {
    for (Node& node : nodes)
      asked.push_back(node.begin_admit(node.request(paid(10 * kCent, kCent))));
  }
  int passed = 0;
  for (auto& outcome : asked)
    passed += granted(get(std::move(outcome))) ? 1 : 0;
  CHECK(passed == 10);
  for (Node& node : nodes)
    node.end_all();
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 0; }));
}

TEST_CASE("the heartbeat repairs sums of money") {
  RedisServer server;
  Node node(server.url(), {.heartbeat = milliseconds(50)});
  REQUIRE(node.by_redis());
  const auto spent = node.request(paid(10 * kCent, 4 * kCent));
  REQUIRE(granted(node.admit(spent)));
  node.end(spent, 2 * kCent);
  const auto request = node.request(paid(10 * kCent, 4 * kCent));
  REQUIRE(granted(node.admit(request)));
  server.run("DEL sluice:2:{f}:purse:user:u1");
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 60'000; }));
  CHECK(purse(server, "user:u1", "u:n1") == 20'000);
  CHECK(purse(server, "user:u1", "bal") == 100'000);
  server.run("HSET sluice:2:{f}:purse:user:u1 h:n1/0 5 u:n1 7 total 12");
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 60'000; }));
}

TEST_CASE("what an earlier run spent counts until it is acknowledged") {
  RedisServer server;
  NodeLimits limits([] { return 1U; });
  limits.money.recovered("user:u1", 3 * kCent);
  Node node(server.url(), {.limits = &limits, .heartbeat = milliseconds(50)});
  REQUIRE(node.by_redis());
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "u:n1") == 30'000; }));
  CHECK(refused_by(node.admit(node.request(paid(4 * kCent, 2 * kCent)))) == "wallet");
  const std::vector<Acknowledged> costs = {{"user:u1", 3 * kCent}};
  limits.money.acknowledged(costs, {});
  CHECK(eventually(kGenerous, [&] { return granted(node.admit(node.request(paid(4 * kCent, 2 * kCent)))); }));
}

TEST_CASE("workers of a node share what is not acknowledged") {
  RedisServer server;
  NodeLimits limits([] { return 1U; });
  Node first(server.url(), {.limits = &limits, .heartbeat = milliseconds(50)});
  Node second(server.url(), {.worker = 1, .limits = &limits, .heartbeat = milliseconds(50)});
  REQUIRE(first.by_redis());
  REQUIRE(second.by_redis());
  for (Node* node : {&first, &second, &second}) {
    const auto request = node->request(paid(10 * kCent, kCent));
    REQUIRE(granted(node->admit(request)));
    node->end(request, kCent);
  }
  const auto running = second.request(paid(10 * kCent, kCent));
  REQUIRE(granted(second.admit(running)));
  // Deltas of one worker may be in the first one's sum already: the next heartbeat has it right.
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 40'000; }));
  REQUIRE(eventually(kGenerous, [&] { return purse(server, "user:u1", "u:n1") == 30'000; }));
  CHECK(purse(server, "user:u1", "h:n1/1") == 10'000);
  const std::vector<Acknowledged> costs = {{"user:u1", 3 * kCent}};
  const std::vector<NewBalance> balances = {{"user:u1", 7 * kCent, 2}};
  limits.money.acknowledged(costs, balances);
  second.end(running);
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "total") == 0; }));
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "bal") == 70'000; }));
}

TEST_CASE("without Redis a node spends its share, or nothing") {
  RedisServer server;
  Node node(server.url(), {});
  node.live_nodes = 2;
  REQUIRE(node.by_redis());
  const auto before = node.request(paid(10 * kCent, 2 * kCent));
  REQUIRE(granted(node.admit(before)));
  server.stop();
  REQUIRE(eventually(kGenerous, [&] {
    const auto probe = node.request({});
    const bool local = node.admit(probe).local;
    node.end(probe);
    return local;
  }));
  const auto second = node.request(paid(10 * kCent, 2 * kCent));
  REQUIRE(granted(node.admit(second)));
  CHECK(node.call([&] { return second->permit.local(); }));
  const Outcome refused = node.admit(node.request(paid(10 * kCent, 2 * kCent)));
  CHECK(refused_by(refused) == "wallet");
  CHECK(refused.local);
  CHECK(std::get<Refused>(refused.result).current == kCent);
  CHECK_FALSE(node.extend(second, 2 * kCent));
  CHECK(node.extend(second, kCent));
  Wish strict = paid(100 * kCent, kCent);
  strict.money_needs_redis = true;
  const Outcome unavailable = node.admit(node.request(strict));
  REQUIRE(std::holds_alternative<Refused>(unavailable.result));
  CHECK(std::get<Refused>(unavailable.result).kind == Refused::Kind::kUnavailable);
  node.end(before, kCent);
  node.end(second, kCent);

  server.restart();
  REQUIRE(node.by_redis());
  CHECK(eventually(kGenerous, [&] { return purse(server, "user:u1", "u:n1") == 20'000; }));
  CHECK(purse(server, "user:u1", "total") == 20'000);
}

}  // namespace
}  // namespace sluice::limit
