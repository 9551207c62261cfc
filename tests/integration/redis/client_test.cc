#include "dataplane/redis/client.h"

#include <catch2/catch.hpp>

#include "tests/integration/redis/on_worker.h"
#include "tests/support/free_port.h"
#include "tests/support/redis_server.h"

namespace sluice::redis {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::OnWorker;
using sluice::testing::RedisServer;
using Arguments = std::vector<std::string>;

const Script kAdd("return redis.call('INCRBY', KEYS[1], ARGV[1])");

struct Node {
  explicit Node(const std::string& endpoint, std::function<void(ClientOptions&)> change = nullptr) {
    ClientOptions options;
    options.endpoint = parse_endpoint(endpoint).value();
    options.command_limit = std::chrono::seconds(10);  // a busy machine is no failure
    options.connect_limit = std::chrono::seconds(10);
    options.retry_base = std::chrono::milliseconds(10);
    options.retry_cap = std::chrono::milliseconds(100);
    if (change) change(options);
    client = std::make_unique<Client>(on.worker(), options, metrics);
    client->add_script(kAdd);
    client->on_up([this] { ++ups; });
    client->start();
    on.start();
  }
  ~Node() { on.stop(); }

  Result<Reply> command(const Arguments& arguments) {
    return on.run([this, arguments] { return client->command(arguments); });
  }
  Result<Reply> add(const std::string& key, const std::string& by) {
    return on.run([this, key, by] { return client->eval(kAdd, {key}, {by}); });
  }
  bool available() {
    return on.call([this] { return client->available(); });
  }
  bool becomes_available() {
    return eventually(kGenerous, [this] { return available(); });
  }
  bool becomes_unavailable() {
    return eventually(kGenerous, [this] { return !available(); });
  }

  observe::MetricsRegistry metrics;
  OnWorker on;
  std::unique_ptr<Client> client;
  std::atomic<int> ups = 0;
};

std::string text(const Result<Reply>& reply) {
  INFO((reply ? "" : reply.error().message));
  REQUIRE(reply.has_value());
  REQUIRE(reply->text() != nullptr);
  return *reply->text();
}

TEST_CASE("commands are answered over a unix socket, with replies of every kind") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  CHECK(node.ups == 1);
  CHECK(text(node.command({"SET", "key", std::string("a\0\r\nb", 5)})) == "OK");
  CHECK(text(node.command({"GET", "key"})) == std::string("a\0\r\nb", 5));
  CHECK(node.command({"GET", "none"}).value().is_nil());
  CHECK(*node.command({"INCR", "n"}).value().integer() == 1);
  const Reply list = node.command({"EVAL", "return {1, 'two', {3, false}}", "0"}).value();
  REQUIRE(list.list() != nullptr);
  REQUIRE(list.list()->size() == 3);
  CHECK(*list.list()->at(1).text() == "two");
  CHECK(*list.list()->at(2).list()->at(0).integer() == 3);
  CHECK(list.list()->at(2).list()->at(1).is_nil());
  const std::string large(5'000'000, 'x');
  CHECK(text(node.command({"SET", "large", large})) == "OK");
  CHECK(text(node.command({"GET", "large"})) == large);
}

TEST_CASE("a host name and a database are understood") {
  const std::uint16_t port = sluice::testing::free_port();
  RedisServer server(port);
  Node node("localhost:" + std::to_string(port), [](ClientOptions& options) { options.database = 3; });
  REQUIRE(node.becomes_available());
  CHECK(text(node.command({"SET", "key", "v"})) == "OK");
  server.run("SELECT 3");
  CHECK_THAT(text(node.command({"CLIENT", "INFO"})), Catch::Contains(" db=3 "));
}

TEST_CASE("the password is sent; a wrong one keeps the client down") {
  RedisServer server;
  REQUIRE(server.run("CONFIG SET requirepass right") == "+OK");
  Node wrong(server.url(), [](ClientOptions& options) { options.password = Secret("wrong"); });
  Node right(server.url(), [](ClientOptions& options) { options.password = Secret("right"); });
  REQUIRE(right.becomes_available());
  CHECK(text(right.command({"PING"})) == "PONG");
  CHECK_FALSE(wrong.available());
  CHECK(wrong.command({"PING"}).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("an error reply is an error that leaves the connection good") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  const auto refused = node.command({"NOSUCH"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kFailedPrecondition);
  CHECK_THAT(refused.error().message, Catch::Contains("unknown command"));
  CHECK(text(node.command({"PING"})) == "PONG");
}

TEST_CASE("a full Redis is unavailable for writes") {
  RedisServer server(0, {"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  Node node(server.url());
  REQUIRE(node.becomes_available());
  const auto refused = node.command({"SET", "a", "b"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("commands of one loop turn go out together and come back in order") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  const int before = std::stoi(text(node.command({"EVAL",
                                                  "return string.match(redis.call('INFO', 'stats'), "
                                                  "'total_reads_processed:(%d+)')",
                                                  "0"})));
  constexpr int kMany = 1000;
  std::vector<std::future<Result<Reply>>> replies(kMany);
  node.on.call([&] {
    for (auto& reply : replies) {
      reply = node.on.begin([&node] { return node.client->command({"INCR", "n"}); });
    }
    return 0;
  });
  for (int i = 0; i < kMany; ++i) {
    REQUIRE(replies[i].wait_for(kGenerous) == std::future_status::ready);
    REQUIRE(*replies[i].get().value().integer() == i + 1);
  }
  const int after = std::stoi(text(node.command({"EVAL",
                                                 "return string.match(redis.call('INFO', 'stats'), "
                                                 "'total_reads_processed:(%d+)')",
                                                 "0"})));
  CHECK(after - before < kMany / 10);
}

TEST_CASE("scripts run by hash, and survive being forgotten") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  CHECK(*node.add("n", "2").value().integer() == 2);
  CHECK(server.run("SCRIPT FLUSH") == "+OK");
  CHECK(*node.add("n", "3").value().integer() == 5);
  CHECK(*node.add("n", "1").value().integer() == 6);
}

TEST_CASE("fire and forget arrives, in order with commands") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  CHECK(node.on.call(
      [&] { return node.client->fire({"SET", "key", "fired"}) && node.client->fire_eval(kAdd, {"n"}, {"7"}); }));
  CHECK(text(node.command({"GET", "key"})) == "fired");
  CHECK(text(node.command({"GET", "n"})) == "7");
}

TEST_CASE("without Redis commands fail at once, and work once it is there") {
  sluice::testing::TempDir folder;
  Node nowhere("unix:" + (folder / "none.sock").string());
  const auto failed = nowhere.command({"PING"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == ErrorCode::kUnavailable);
  CHECK_FALSE(nowhere.on.call([&] { return nowhere.client->fire({"PING"}); }));

  RedisServer server;
  server.kill9();
  Node node(server.url());
  CHECK(node.command({"PING"}).error().code == ErrorCode::kUnavailable);
  server.restart();
  REQUIRE(node.becomes_available());
  CHECK(text(node.command({"PING"})) == "PONG");
}

TEST_CASE("a refused TCP connection is tried again") {
  const std::uint16_t port = sluice::testing::free_port();
  Node node("127.0.0.1:" + std::to_string(port));
  CHECK(node.command({"PING"}).error().code == ErrorCode::kUnavailable);
  RedisServer server(port);
  REQUIRE(node.becomes_available());
  CHECK(text(node.command({"PING"})) == "PONG");
}

TEST_CASE("a killed Redis fails its commands; a new one is used, with the scripts loaded again") {
  RedisServer server;
  Node node(server.url());
  REQUIRE(node.becomes_available());
  for (int round = 0; round < 3; ++round) {
    auto waiting = node.on.begin([&] { return node.client->command({"BLPOP", "never", "0"}); });
    REQUIRE(eventually(kGenerous, [&] { return server.run("INFO clients") != ""; }));
    server.kill9();
    REQUIRE(waiting.wait_for(kGenerous) == std::future_status::ready);
    CHECK(waiting.get().error().code == ErrorCode::kClosed);
    REQUIRE(node.becomes_unavailable());
    server.restart();
    REQUIRE(node.becomes_available());
    CHECK(*node.add("n", "1").value().integer() == 1);
  }
  CHECK(node.ups == 4);
}

TEST_CASE("a Redis that does not answer is noticed by time limit, then not waited for, then used again") {
  RedisServer server;
  Node node(server.url(), [](ClientOptions& options) {
    options.command_limit = std::chrono::milliseconds(50);
    options.silence_limit = std::chrono::hours(1);  // the connection is kept
  });
  REQUIRE(node.becomes_available());
  server.pause();
  REQUIRE(eventually(kGenerous, [&] {
    const auto reply = node.command({"INCR", "n"});
    REQUIRE_FALSE(reply.has_value());
    return reply.error().code == ErrorCode::kUnavailable;
  }));
  CHECK_FALSE(node.available());
  server.resume();
  REQUIRE(node.becomes_available());
  REQUIRE(eventually(kGenerous, [&] { return node.command({"PING"}).has_value(); }));
  CHECK(node.ups >= 2);
  // What was sent before the pause was noticed has run meanwhile: its outcome was unknown, not "no".
  CHECK(server.run("GET n") != "$-1");
}

TEST_CASE("a connection that stays silent is replaced") {
  RedisServer server;
  Node node(server.url(), [](ClientOptions& options) {
    options.command_limit = std::chrono::milliseconds(50);
    options.connect_limit = std::chrono::milliseconds(200);
    options.silence_limit = std::chrono::milliseconds(200);
  });
  REQUIRE(node.becomes_available());
  const SteadyTime late = std::chrono::steady_clock::now() + std::chrono::hours(1);
  auto patient = node.on.begin([&] { return node.client->command({"BLPOP", "never", "0"}, late); });
  server.pause();
  REQUIRE(eventually(kGenerous, [&] { return node.command({"PING"}).error().code == ErrorCode::kUnavailable; }));
  REQUIRE(patient.wait_for(kGenerous) == std::future_status::ready);
  CHECK(patient.get().error().code == ErrorCode::kClosed);
  server.resume();
  REQUIRE(node.becomes_available());
  REQUIRE(eventually(kGenerous, [&] { return node.command({"PING"}).has_value(); }));
}

TEST_CASE("a client may go while commands wait") {
  RedisServer server;
  auto node = std::make_unique<Node>(server.url());
  REQUIRE(node->becomes_available());
  auto waiting = node->on.begin([&] { return node->client->command({"BLPOP", "never", "0"}); });
  REQUIRE(eventually(kGenerous, [&] { return server.run("INFO clients") != ""; }));
  node->on.call([&] {
    node->client.reset();
    return 0;
  });
  REQUIRE(waiting.wait_for(kGenerous) == std::future_status::ready);
  CHECK(waiting.get().error().code == ErrorCode::kClosed);
}

TEST_CASE("a worker may end while commands wait") {
  RedisServer server;
  auto node = std::make_unique<Node>(server.url());
  REQUIRE(node->becomes_available());
  auto waiting = node->on.begin([&] { return node->client->command({"BLPOP", "never", "0"}); });
  node->on.stop();
  node.reset();
  CHECK_THROWS(waiting.get());
}

}  // namespace
}  // namespace sluice::redis
