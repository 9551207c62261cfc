#include "dataplane/redis/subscriber.h"

#include <catch2/catch.hpp>
#include <mutex>

#include "tests/integration/redis/on_worker.h"
#include "tests/support/redis_server.h"

namespace sluice::redis {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::OnWorker;
using sluice::testing::RedisServer;
using std::chrono::milliseconds;

struct Listener {
  explicit Listener(const RedisServer& server, std::function<void(ClientOptions&)> change = nullptr) {
    ClientOptions options;
    options.endpoint = parse_endpoint(server.url()).value();
    options.connect_limit = std::chrono::seconds(10);
    options.retry_base = milliseconds(10);
    options.retry_cap = milliseconds(100);
    if (change) change(options);
    subscriber = std::make_unique<Subscriber>(on.worker(), options, metrics);
    for (const char* channel : {"one", "two"}) {
      subscriber->subscribe(channel, [this, channel](std::string_view message) {
        const std::lock_guard lock(mutex);
        heard.push_back(std::string(channel) + ":" + std::string(message));
      });
    }
    subscriber->on_up([this] { ++ups; });
    subscriber->start();
    on.start();
  }
  ~Listener() { on.stop(); }

  bool comes_up(int times) {
    return eventually(kGenerous, [&] { return ups == times; });
  }
  bool hears(const std::vector<std::string>& messages) {
    return eventually(kGenerous, [&] {
      const std::lock_guard lock(mutex);
      return heard == messages;
    });
  }

  observe::MetricsRegistry metrics;
  OnWorker on;
  std::unique_ptr<Subscriber> subscriber;
  std::mutex mutex;
  std::vector<std::string> heard;
  std::atomic<int> ups = 0;
};

TEST_CASE("messages of all channels are heard in order, others are not") {
  RedisServer server;
  Listener listener(server);
  REQUIRE(listener.comes_up(1));
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    const std::string channel = i % 2 == 0 ? "one" : "two";
    server.run("PUBLISH other x");
    REQUIRE(server.run("PUBLISH " + channel + " m" + std::to_string(i)) == ":1");
    expected.push_back(channel + ":m" + std::to_string(i));
  }
  CHECK(listener.hears(expected));
}

TEST_CASE("a lost connection is made anew, and told of") {
  RedisServer server;
  Listener listener(server);
  REQUIRE(listener.comes_up(1));
  SECTION("by a crash") {
    server.kill9();
    server.restart();
  }
  SECTION("by an end") {
    server.restart();
  }
  SECTION("of the connection only") {
    server.run("CLIENT KILL TYPE pubsub");
  }
  REQUIRE(listener.comes_up(2));
  REQUIRE(server.run("PUBLISH one again") == ":1");
  CHECK(listener.hears({"one:again"}));
}

TEST_CASE("a silent connection is probed: kept if Redis answers, given up if not") {
  RedisServer server;
  Listener listener(server, [](ClientOptions& options) { options.silence_limit = milliseconds(100); });
  REQUIRE(listener.comes_up(1));
  const auto subscribes = [&] {
    const std::string answer = server.run(
        "EVAL \"return tonumber(string.match(redis.call('INFO','commandstats'),'cmdstat_subscribe:calls=(%d+)'))\" 0");
    return std::stoi(answer.substr(1));
  };
  REQUIRE(eventually(kGenerous, [&] { return subscribes() > 3; }));
  CHECK(listener.ups == 1);
  REQUIRE(server.run("PUBLISH one a") == ":1");
  CHECK(listener.hears({"one:a"}));
  server.pause();
  REQUIRE(eventually(kGenerous, [&] {
    return listener.metrics.text().find("sluice_redis_channels_up{worker=\"0\"} 0") != std::string::npos;
  }));
  server.resume();
  REQUIRE(eventually(kGenerous, [&] { return listener.ups >= 2; }));
  REQUIRE(eventually(kGenerous, [&] { return server.run("PUBLISH one b") != ":0"; }));
  CHECK(eventually(kGenerous, [&] {
    const std::lock_guard lock(listener.mutex);
    return listener.heard.back() == "one:b";
  }));
}

TEST_CASE("it logs in") {
  RedisServer server;
  REQUIRE(server.run("CONFIG SET requirepass secret") == "+OK");
  SECTION("with the password") {
    Listener listener(server, [](ClientOptions& options) { options.password = Secret("secret"); });
    CHECK(listener.comes_up(1));
  }
  SECTION("not with a wrong one") {
    Listener listener(server, [](ClientOptions& options) { options.password = Secret("wrong"); });
    REQUIRE(eventually(kGenerous, [&] {
      return listener.metrics.text().find("sluice_redis_channels_up{worker=\"0\"} 0") != std::string::npos;
    }));
    CHECK(listener.ups == 0);
  }
}

TEST_CASE("it may go before Redis or after") {
  RedisServer server;
  for (int i = 0; i < 5; ++i) {
    Listener listener(server);
    if (i % 2 == 0) REQUIRE(listener.comes_up(1));
    listener.on.call([&] {
      listener.subscriber.reset();
      return 0;
    });
  }
}

}  // namespace
}  // namespace sluice::redis
