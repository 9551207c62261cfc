#include "tests/integration/limiter/node.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

const Wish kWish{.user_concurrency = 10,
                 .accounts = {{"a1", 2, 0}},
                 .purses = {wallet("u1", 1'000'000'000)},
                 .hold_nano = 10'000'000};

// Leases that are not given back stay for longer than any test waits.
const NodeOptions kPatient{
    .lease = std::chrono::minutes(10), .heartbeat = milliseconds(100), .command_limit = milliseconds(100)};

bool goes_local(Node& node) {
  return eventually(kGenerous, [&] {
    const auto probe = node.request({.user = "probe", .key = "probe"});
    const bool local = node.admit(probe).local;
    node.end(probe);
    return local;
  });
}

bool nothing_left(RedisServer& server) {
  return eventually(kGenerous, [&] {
    return entries(server, "slots:user:u1") + entries(server, "slots:account:a1") +
                   entries(server, "queue:account:a1") + entries(server, "queue:user:u1") +
                   entries(server, "waiting") ==
               0 &&
           purse(server, "user:u1", "total") == 0;
  });
}

TEST_CASE("what a dead node held is free after its lease") {
  RedisServer server;
  auto dead = std::make_unique<Node>(server.url(), NodeOptions{.name = "dead", .lease = milliseconds(400)});
  Node node(server.url(), {.lease = milliseconds(400), .heartbeat = milliseconds(50)});
  REQUIRE(dead->by_redis());
  REQUIRE(node.by_redis());
  // Its requests end with it, so that none outlives its worker.
  REQUIRE(granted(dead->admit(dead->request(kWish))));
  REQUIRE(granted(dead->admit(dead->request(kWish))));
  REQUIRE(queued(dead->admit(dead->request(kWish))));
  const auto waiter = node.request(kWish);
  auto served = node.begin_serve(waiter);
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 2; }));
  dead.reset();
  CHECK(get(std::move(served)).granted);  // also past the dead waiter that was ahead
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") == 1; }));
}

TEST_CASE("an older copy of Redis is rid of slots and waiters that nobody has any more") {
  RedisServer server;
  NodeOptions options = kPatient;
  options.quarantine = milliseconds(2000);
  Node node(server.url(), options);
  REQUIRE(node.by_redis());
  const auto held = node.request({.user = "u1", .user_concurrency = 10});
  REQUIRE(granted(node.admit(held)));
  // As if it had been restored: another memory that remembers requests of long ago.
  const std::string forever = std::to_string(4'000'000'000'000);
  for (const char* key : {"slots:user:u1", "slots:user:u2", "queue:user:u2", "waiting"})
    server.run("ZADD sluice:2:{f}:" + std::string(key) + " " + forever + " n9/0:gone");
  server.run("SET sluice:2:{f}:sticky:kept a1");
  server.run("DEL sluice:2:{f}:epoch");
  CHECK(node.admit(node.request({.user = "u3", .key = "k3"})).local);
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:user:u2") == 0; }));
  REQUIRE(node.by_redis());
  CHECK(lease_end(server, "slots:user:u1", "n9/0:gone") == 0);
  CHECK(lease_end(server, "slots:user:u1", "n1/0:" + held->id) > 0);
  CHECK(entries(server, "queue:user:u2") == 0);
  CHECK(entries(server, "waiting") == 0);
  CHECK(server.run("EXISTS sluice:2:{f}:sticky:kept") == ":1");
}

TEST_CASE("a living node keeps its slots and its place") {
  RedisServer server;
  Node node(server.url(), {.heartbeat = milliseconds(50)});
  REQUIRE(node.by_redis());
  const auto one = node.request(kWish);
  const auto two = node.request(kWish);
  REQUIRE(granted(node.admit(one)));
  REQUIRE(granted(node.admit(two)));
  const auto waiter = node.request(kWish);
  auto served = node.begin_serve(waiter);
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 1; }));
  for (const auto& [key, who] :
       {std::pair("slots:user:u1", one), std::pair("slots:account:a1", two), std::pair("waiting", waiter)}) {
    const std::string member = "n1/0:" + who->id;
    std::int64_t last = lease_end(server, key, member);
    REQUIRE(last > 0);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(eventually(kGenerous, [&] { return lease_end(server, key, member) > last; }));
      last = lease_end(server, key, member);
    }
  }
  // Gone from Redis, they are there again with the next heartbeat.
  server.run("DEL sluice:2:{f}:slots:account:a1 sluice:2:{f}:slots:user:u1");
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:user:u1") >= 2; }));
  CHECK(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") >= 2; }));
  node.end_all();
  CHECK(nothing_left(server));
  (void)get(std::move(served));
}

TEST_CASE("without Redis requests pass by the node's share, and are told to Redis when it is back") {
  RedisServer server;
  Node node(server.url(), {.lease = std::chrono::minutes(10), .heartbeat = milliseconds(100)});
  REQUIRE(node.by_redis());
  const auto before = node.request(kWish);
  REQUIRE(granted(node.admit(before)));

  SECTION("it crashes") {
    server.kill9();
  }
  SECTION("it ends") {
    server.stop();
  }
  REQUIRE(goes_local(node));
  CHECK(node.by_share());
  const auto during = node.request(kWish);
  const Outcome outcome = node.admit(during);
  REQUIRE(granted(outcome));
  CHECK(outcome.local);
  const Outcome full = node.admit(node.request(kWish));
  CHECK(refused_by(full) == "accounts");  // nobody joins a queue now
  CHECK(full.local);
  node.end(before);
  REQUIRE(granted(node.admit(node.request(kWish))));

  server.restart();
  REQUIRE(node.by_redis());
  CHECK_FALSE(node.by_share());
  CHECK(entries(server, "slots:account:a1") == 2);
  CHECK(entries(server, "slots:user:u1") == 2);
  CHECK(purse(server, "user:u1", "total") == 20'000);
  CHECK(queued(node.admit(node.request(kWish))));
  node.end_all();
  CHECK(nothing_left(server));
}

TEST_CASE("the share is the limit divided by the live nodes, at least one") {
  RedisServer server;
  Node node(server.url(), {});
  node.live_nodes = 3;
  REQUIRE(node.by_redis());
  server.kill9();
  REQUIRE(goes_local(node));
  int passed = 0;
  for (int i = 0; i < 10; ++i)
    passed += granted(node.admit(node.request({.user_concurrency = 10}))) ? 1 : 0;
  CHECK(passed == 3);
  passed = 0;
  for (int i = 0; i < 10; ++i)
    passed += granted(node.admit(node.request({.user = "u2", .accounts = {{"a1", 2, 0}, {"a2", 2, 0}}}))) ? 1 : 0;
  CHECK(passed == 2);
  passed = 0;
  for (int i = 0; i < 10; ++i)
    passed += granted(node.admit(node.request({.user = "u3", .user_requests = 12}))) ? 1 : 0;
  CHECK(passed == 4);
}

TEST_CASE("who waits when Redis goes is served, by the share or when Redis is back") {
  RedisServer server;
  Node node(server.url(), {.lease = std::chrono::minutes(10), .heartbeat = milliseconds(100)});
  REQUIRE(node.by_redis());
  const auto one = node.request(kWish);
  const auto two = node.request(kWish);
  REQUIRE(granted(node.admit(one)));
  REQUIRE(granted(node.admit(two)));
  std::vector<std::future<Served>> served;
  for (int i = 0; i < 3; ++i) {
    served.push_back(node.begin_serve(node.request(kWish)));
    REQUIRE(eventually(kGenerous, [&] { return node.waiting() == static_cast<std::size_t>(i) + 1; }));
  }
  server.kill9();
  REQUIRE(goes_local(node));
  node.end(one);
  REQUIRE(eventually(kGenerous, [&] {
    return std::ranges::count_if(served, [](const auto& one_of) {
             return one_of.wait_for(milliseconds(0)) == std::future_status::ready;
           }) == 1;
  }));
  CHECK(node.limits().share.held("account:a1") == 2);
  server.restart();
  REQUIRE(node.by_redis());
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 2; }));
  CHECK(entries(server, "slots:account:a1") == 2);
  node.end(two);
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 1; }));
  CHECK(entries(server, "slots:account:a1") == 2);
  node.end_all();
  for (auto& one_of : served)
    (void)get(std::move(one_of));
  node.end_all();
  CHECK(nothing_left(server));
}

TEST_CASE("a Redis that does not answer delays nobody, and what it did late is undone") {
  RedisServer server;
  Node node(server.url(), kPatient);
  REQUIRE(node.by_redis());
  server.pause();
  const auto one = node.request(kWish);
  const Outcome outcome = node.admit(one);  // sent, and decided here when no answer comes
  CHECK(granted(outcome));
  CHECK(outcome.local);
  REQUIRE(goes_local(node));
  const auto two = node.request(kWish);
  REQUIRE(granted(node.admit(two)));
  const auto refused = node.request(kWish);
  CHECK(refused_by(node.admit(refused)) == "accounts");
  node.end(one);
  server.resume();
  REQUIRE(node.by_redis());
  CHECK(eventually(kGenerous, [&] {
    return entries(server, "slots:account:a1") == 1 && entries(server, "slots:user:u1") == 1 &&
           purse(server, "user:u1", "total") == 10'000;
  }));
  node.end_all();
  CHECK(nothing_left(server));
}

TEST_CASE("what Redis grants too late is given back") {
  RedisServer server;
  Node node(server.url(), kPatient);
  node.live_nodes = 2;
  REQUIRE(node.by_redis());
  const auto one = node.request(kWish);
  REQUIRE(granted(node.admit(one)));
  server.pause();
  const auto late = node.request(kWish);
  const Outcome outcome = node.admit(late);  // sent; its share of two is one
  CHECK(outcome.local);
  CHECK(refused_by(outcome) == "accounts");
  server.resume();
  REQUIRE(node.by_redis());
  CHECK(eventually(kGenerous, [&] {
    return entries(server, "slots:account:a1") == 1 && entries(server, "slots:user:u1") == 1 &&
           purse(server, "user:u1", "total") == 10'000;
  }));
  CHECK(granted(node.admit(late)));
  node.end_all();
  CHECK(nothing_left(server));
}

TEST_CASE("a Redis that lost its memory is not asked until all nodes have told what they hold") {
  RedisServer server;
  const NodeOptions options{
      .lease = std::chrono::minutes(10), .heartbeat = milliseconds(200), .quarantine = milliseconds(1500)};
  NodeOptions other = options;
  other.name = "n2";
  Node one(server.url(), options);
  Node two(server.url(), other);
  one.live_nodes = 2;
  two.live_nodes = 2;
  REQUIRE(one.by_redis());
  REQUIRE(two.by_redis());
  REQUIRE(granted(one.admit(one.request(kWish))));
  REQUIRE(granted(two.admit(two.request(kWish))));
  auto served = one.begin_serve(one.request(kWish));
  REQUIRE(eventually(kGenerous, [&] { return one.waiting() == 1; }));

  server.run("FLUSHALL");
  const Outcome outcome = one.admit(one.request(kWish));
  CHECK(outcome.local);
  CHECK(refused_by(outcome) == "accounts");  // its share of two is one
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "slots:account:a1") == 2; }));
  CHECK(served.wait_for(milliseconds(0)) == std::future_status::timeout);
  REQUIRE(one.by_redis());
  REQUIRE(two.by_redis());
  CHECK(entries(server, "slots:account:a1") == 2);
  CHECK(purse(server, "user:u1", "total") >= 20'000);
  REQUIRE(eventually(kGenerous, [&] { return entries(server, "queue:account:a1") == 1; }));
  two.end_all();
  CHECK(get(std::move(served)).granted);
  one.end_all();
  CHECK(nothing_left(server));
}

}  // namespace
}  // namespace sluice::limit
