#include "dataplane/limit/slots.h"

#include <catch2/catch.hpp>
#include <list>
#include <set>

#include "tests/integration/redis/on_worker.h"
#include "tests/support/redis_server.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::OnWorker;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

const std::string kKey = "sluice:1:slots:{user:1}";

// A gateway node with one worker.
struct Node {
  Node(const std::string& endpoint, std::string name, SlotSettings settings = {},
       milliseconds command_limit = std::chrono::seconds(10)) {
    redis::ClientOptions options;
    options.endpoint = redis::parse_endpoint(endpoint).value();
    options.command_limit = command_limit;
    options.connect_limit = std::chrono::seconds(5);
    options.retry_base = milliseconds(10);
    options.retry_cap = milliseconds(100);
    client = std::make_unique<redis::Client>(on.worker(), options, metrics);
    settings.node = std::move(name);
    slots = std::make_unique<Slots>(on.worker(), *client, share, settings, metrics);
    slots->start();
    client->start();
    on.start();
  }
  ~Node() {
    on.stop();
    leases.clear();
  }

  bool ready() {
    return eventually(kGenerous, [this] { return on.call([this] { return client->available(); }); });
  }
  std::future<Result<Lease>> begin(std::uint32_t limit, const std::string& scope = "user:1") {
    const std::string request = "r" + std::to_string(++requests);
    return on.begin([this, scope, limit, request] { return slots->acquire(scope, limit, request); });
  }
  // Keeps the lease if there is one.
  Result<> acquire(std::uint32_t limit, const std::string& scope = "user:1") {
    auto future = begin(limit, scope);
    if (future.wait_for(kGenerous) != std::future_status::ready) throw std::runtime_error("acquire hangs");
    Result<Lease> lease = future.get();
    if (!lease) return std::unexpected(lease.error());
    leases.push_back(std::move(*lease));
    return {};
  }
  void release_all() {
    on.call([this] {
      leases.clear();
      return 0;
    });
  }
  bool by_share() { return metrics.text().find("sluice_slots_local{worker=\"0\"} 1") != std::string::npos; }

  unsigned nodes = 1;
  observe::MetricsRegistry metrics;
  LocalShare share{[this] { return nodes; }};
  OnWorker on;
  std::unique_ptr<redis::Client> client;
  std::unique_ptr<Slots> slots;
  std::list<Lease> leases;
  std::atomic<int> requests = 0;
};

std::string count(RedisServer& server) {
  return server.run("ZCARD " + kKey);
}

TEST_CASE("slots are granted up to the limit and given back") {
  RedisServer server;
  Node node(server.url(), "n1");
  REQUIRE(node.ready());
  REQUIRE(node.acquire(2).has_value());
  REQUIRE(node.acquire(2).has_value());
  const auto refused = node.acquire(2);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK_THAT(refused.error().message, Catch::Contains("2"));
  CHECK(server.run("ZSCORE " + kKey + " n1:r1") != "$-1");
  CHECK(node.acquire(2, "user:2").has_value());  // another scope is another limit
  CHECK(node.slots->held() == 3);
  node.release_all();
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":0"; }));
  CHECK(node.slots->held() == 0);
  CHECK(node.share.held("user:1") == 0);
  CHECK(node.acquire(2).has_value());
  CHECK_FALSE(node.by_share());
}

TEST_CASE("limit 0 is no limit and does not ask Redis") {
  RedisServer server;
  Node node(server.url(), "n1");
  REQUIRE(node.ready());
  for (int i = 0; i < 10; ++i)
    REQUIRE(node.acquire(0).has_value());
  CHECK_FALSE(node.leases.front().held());
  CHECK(count(server) == ":0");
}

TEST_CASE("a limit is exact under parallel nodes") {
  RedisServer server;
  std::list<Node> nodes;
  for (int i = 0; i < 4; ++i)
    nodes.emplace_back(server.url(), "n" + std::to_string(i));
  for (Node& node : nodes)
    REQUIRE(node.ready());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<Result<Lease>>> asked;
    for (int i = 0; i < 50; ++i) {
      for (Node& node : nodes)
        asked.push_back(node.begin(17));
    }
    int granted = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      REQUIRE(asked[i].wait_for(kGenerous) == std::future_status::ready);
      Result<Lease> lease = asked[i].get();
      if (!lease) continue;
      ++granted;
      std::next(nodes.begin(), static_cast<std::ptrdiff_t>(i % 4))->leases.push_back(std::move(*lease));
    }
    CHECK(granted == 17);
    CHECK(count(server) == ":17");
    for (Node& node : nodes)
      node.release_all();
    REQUIRE(eventually(kGenerous, [&] { return count(server) == ":0"; }));
  }
}

TEST_CASE("leases of a dead node end by themselves") {
  RedisServer server;
  {
    Node dead(server.url(), "dead", {.lease = milliseconds(300), .renew = std::chrono::hours(1)});
    REQUIRE(dead.ready());
    REQUIRE(dead.acquire(1).has_value());
    CHECK(count(server) == ":1");
    dead.on.stop();  // nothing is released any more
  }
  Node node(server.url(), "n1");
  REQUIRE(node.ready());
  REQUIRE(eventually(kGenerous, [&] { return node.acquire(1).has_value(); }));
  CHECK(server.run("ZSCORE " + kKey + " dead:r1") == "$-1");
}

TEST_CASE("renewal keeps a lease: its end moves on") {
  RedisServer server;
  Node node(server.url(), "n1", {.lease = std::chrono::seconds(30), .renew = milliseconds(50)});
  REQUIRE(node.ready());
  REQUIRE(node.acquire(1).has_value());
  REQUIRE(node.acquire(5, "user:2").has_value());
  // Answers of ZSCORE have a second line with the number; a script gives it in the first.
  const auto end_of = [&](const std::string& key, const std::string& member) {
    const std::string answer = server.run(
        "EVAL \"return math.floor(tonumber(redis.call('ZSCORE',KEYS[1],ARGV[1]))/10)\" 1 " + key + " " + member);
    return std::stoll(answer.substr(1));
  };
  const auto first = end_of(kKey, "n1:r1");
  const auto second = end_of("sluice:1:slots:{user:2}", "n1:r2");
  CHECK(eventually(kGenerous, [&] { return end_of(kKey, "n1:r1") > first; }));
  CHECK(eventually(kGenerous, [&] { return end_of("sluice:1:slots:{user:2}", "n1:r2") > second; }));
}

TEST_CASE("a wiped Redis is told of the running requests again") {
  RedisServer server;
  Node node(server.url(), "n1", {.renew = milliseconds(50)});
  REQUIRE(node.ready());
  for (int i = 0; i < 300; ++i)
    REQUIRE(node.acquire(1000).has_value());  // more than one renewal holds
  REQUIRE(server.run("FLUSHALL") == "+OK");
  REQUIRE(server.run("SCRIPT FLUSH") == "+OK");
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":300"; }));
  CHECK_FALSE(node.acquire(300).has_value());
  node.release_all();
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":0"; }));
}

TEST_CASE("a restarted Redis is told of the running requests before it decides about new ones") {
  RedisServer server;
  Node node(server.url(), "n1", {.renew = std::chrono::hours(1)});
  REQUIRE(node.ready());
  REQUIRE(node.acquire(2).has_value());
  REQUIRE(node.acquire(2).has_value());
  server.kill9();
  server.restart();
  REQUIRE(node.ready());
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":2"; }));
  CHECK_FALSE(node.acquire(2).has_value());
}

TEST_CASE("without Redis a node grants its share and no more") {
  sluice::testing::TempDir folder;
  Node node("unix:" + (folder / "none.sock").string(), "n1");
  node.nodes = 3;
  for (int i = 0; i < 3; ++i)
    REQUIRE(node.acquire(10).has_value());
  const auto refused = node.acquire(10);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK_THAT(refused.error().message, Catch::Contains("3") && Catch::Contains("10"));
  CHECK(node.by_share());
  CHECK(node.acquire(1, "user:2").has_value());  // at least one
  CHECK_FALSE(node.acquire(1, "user:2").has_value());
  node.release_all();
  CHECK(node.acquire(10).has_value());
}

TEST_CASE("a Redis that stops answering: the share decides soon, and Redis again once it answers") {
  RedisServer server;
  Node node(server.url(), "n1", {.renew = std::chrono::hours(1)}, milliseconds(100));
  node.nodes = 2;
  REQUIRE(eventually(kGenerous, [&] { return node.ready() && node.acquire(4).has_value() && !node.by_share(); }));
  node.release_all();
  REQUIRE(node.acquire(4).has_value());
  server.pause();
  // The lease that Redis granted counts: the share of 2 has one left.
  REQUIRE(node.acquire(4).has_value());
  const auto refused = node.acquire(4);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK(node.by_share());
  server.resume();
  REQUIRE(node.ready());
  // What the node granted alone is registered; what it refused is not there, though Redis may have admitted it late.
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":2"; }));
  REQUIRE(eventually(kGenerous, [&] {
    (void)node.acquire(4);
    return !node.by_share();
  }));
  node.release_all();
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":0"; }));
}

TEST_CASE("leases that end while Redis does not answer are given back when it does") {
  RedisServer server;
  Node node(server.url(), "n1", {.renew = std::chrono::hours(1)}, milliseconds(100));
  REQUIRE(node.ready());
  for (int i = 0; i < 5; ++i)
    (void)node.acquire(10);
  REQUIRE(node.slots->held() == 5);
  server.pause();
  REQUIRE(eventually(kGenerous, [&] {
    (void)node.acquire(100, "user:2");
    return node.on.call([&] { return !node.client->available(); });
  }));
  node.release_all();
  CHECK(node.slots->held() == 0);
  server.resume();
  REQUIRE(eventually(kGenerous, [&] { return count(server) == ":0"; }));
}

TEST_CASE("a lease may outlive its slots and its worker") {
  RedisServer server;
  Lease kept;
  {
    Node node(server.url(), "n1");
    REQUIRE(node.ready());
    REQUIRE(node.acquire(1).has_value());
    kept = std::move(node.leases.front());
  }
  CHECK(kept.held());
  kept.release();
  CHECK_FALSE(kept.held());
}

}  // namespace
}  // namespace sluice::limit
