#include "tests/support/redis_server.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/free_port.h"

using namespace sluice::testing;

TEST_CASE("Redis answers, forgets at a restart, and is away when killed") {
  RedisServer redis;
  CHECK(redis.run("SET a 1") == "+OK");
  CHECK(redis.run("DBSIZE") == ":1");
  redis.restart();
  CHECK(redis.run("DBSIZE") == ":0");
  redis.kill9();
  CHECK_THROWS(redis.run("PING"));
  redis.restart();
  CHECK(redis.run("PING") == "+PONG");
}

TEST_CASE("a paused Redis answers once resumed") {
  RedisServer redis(free_port());
  redis.pause();
  std::atomic<bool> answered = false;
  std::jthread client([&] { answered = redis.run("PING") == "+PONG"; });
  CHECK_FALSE(eventually(std::chrono::milliseconds(100), [&] { return answered.load(); }));
  redis.resume();
  CHECK(eventually(kGenerous, [&] { return answered.load(); }));
}
