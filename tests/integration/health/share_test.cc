#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "dataplane/pick/health_share.h"
#include "tests/integration/health/node.h"

namespace sluice::pick {
namespace {

using namespace std::chrono_literals;
using sluice::testing::eventually;
using sluice::testing::HealthNode;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;

constexpr const char* kHash = "sluice:2:{f}:health";

bool has_entries(RedisServer& server, int count) {
  return eventually(kGenerous, [&] { return server.run(std::string("HLEN ") + kHash) == ":" + std::to_string(count); });
}

// What another node has written that these have not heard of.
// Returns the millisecond in which it ends.
std::int64_t write(RedisServer& server, std::chrono::seconds left, int reason, bool soft) {
  const std::int64_t until = (std::time(nullptr) + left.count()) * 1000;
  server.run(fmt::format("HSET {} x| \"x {} {} {} 529 1 \"", kHash, until, reason, soft ? 1 : 0));
  return until;
}

// What somebody who comes now learns.
std::int64_t seconds_in_hash(const RedisServer& server) {
  HealthNode late(server);
  return late.gets_blocked() ? late.left() : 0;
}

TEST_CASE("a block is known to others at once, and to those that come later") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  a.answer(429, 600s);
  CHECK(b.gets_blocked());
  CHECK(b.left() > 500);
  HealthNode late(server);
  CHECK(late.gets_blocked());
  CHECK(a.reports().size() == 1);
  CHECK(b.reports().empty());
}

TEST_CASE("a shorter block changes neither the hash nor what others know, and its teller learns of the longer one") {
  RedisServer server;
  HealthNode a(server);
  REQUIRE(a.up());
  write(server, 3600s, 1, false);
  a.answer(429, 5s);
  CHECK(eventually(kGenerous, [&] { return a.left() > 3000; }));
  CHECK(seconds_in_hash(server) > 3000);
}

TEST_CASE("a longer block extends, a vendor's word replaces a guess, and no guess replaces a vendor's word") {
  RedisServer server;
  HealthNode a(server);
  REQUIRE(a.up());
  write(server, 60s, 1, false);
  a.answer(429, 600s);
  REQUIRE(eventually(kGenerous, [&] { return seconds_in_hash(server) > 500; }));
  write(server, 60s, 1, false);
  a.answer(429, 1200s);  // the hash is behind what this worker knows
  REQUIRE(eventually(kGenerous, [&] { return seconds_in_hash(server) > 1100; }));
  HealthNode b(server);
  REQUIRE((b.up() && b.gets_blocked()));
  write(server, 3600s, 2, true);
  b.answer(429, 1800s);
  CHECK(eventually(kGenerous, [&] {
    const auto left = seconds_in_hash(server);
    return left > 1700 && left <= 1800;
  }));
  server.run(std::string("DEL ") + kHash);
  write(server, 30s, 1, false);
  HealthNode c(server);
  REQUIRE(c.up());
  REQUIRE(c.gets_blocked());
  c.answer(529);  // a guess of 10 s
  c.answer(401);  // a guess of 60 s
  CHECK(seconds_in_hash(server) <= 30);
}

TEST_CASE("what has passed is written over, and removed by whoever comes") {
  RedisServer server;
  HealthNode a(server);
  REQUIRE(a.up());
  write(server, -10s, 1, false);
  a.answer(529);
  REQUIRE(seconds_in_hash(server) > 0);
  write(server, -10s, 1, false);
  HealthNode late(server);
  REQUIRE(late.up());
  CHECK(has_entries(server, 0));
}

TEST_CASE("after Redis lost its memory, each tells again what it saw itself") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  a.answer(429, 600s);
  REQUIRE(b.gets_blocked());
  server.restart();
  REQUIRE(has_entries(server, 1));
  CHECK(seconds_in_hash(server) > 500);
}

TEST_CASE("what was seen while Redis was away is told when it is back") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  server.kill9();
  REQUIRE(eventually(kGenerous, [&] { return !a.available(); }));
  a.answer(429, 600s);
  CHECK(a.left() > 0);
  CHECK(b.left() == 0);
  server.restart();
  CHECK(b.gets_blocked());
  CHECK(has_entries(server, 1));
}

TEST_CASE("what was told while a worker did not hear is looked up") {
  RedisServer server;
  HealthNode a(server);
  REQUIRE(a.up());
  write(server, 600s, 1, false);
  const int before = a.subscribed();
  server.run("CLIENT KILL TYPE pubsub");
  REQUIRE(eventually(kGenerous, [&] { return a.subscribed() > before; }));
  CHECK(a.gets_blocked());
}

TEST_CASE("a success ends a guess for all, in the hash and for the control plane") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  a.answer(401);
  REQUIRE(b.gets_blocked());
  REQUIRE(has_entries(server, 1));
  b.answer(200);
  CHECK(b.left() == 0);
  CHECK(a.gets_free());
  CHECK(has_entries(server, 0));
  REQUIRE(b.reports().size() == 1);
  CHECK(b.reports()[0].block.until < std::chrono::system_clock::now());
  CHECK(b.reports()[0].block.reason == config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED);
  // Nobody brings it back.
  server.restart();
  REQUIRE((a.up() && b.up()));
  HealthNode late(server);
  REQUIRE(late.up());
  CHECK(has_entries(server, 0));
}

TEST_CASE("a success leaves a vendor's block, and a longer guess, for all") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  a.answer(429, 600s);
  REQUIRE(b.gets_blocked());
  b.answer(200);
  b.answer(200);
  CHECK(a.left() > 0);
  CHECK(b.left() > 0);
  CHECK(has_entries(server, 1));
  server.run(std::string("DEL ") + kHash);
  HealthNode c(server);
  REQUIRE(c.up());
  c.answer(529);  // 10 s
  REQUIRE(has_entries(server, 1));
  write(server, 300s, 2, true);  // a longer one that c does not know of
  c.answer(200);
  CHECK(seconds_in_hash(server) > 200);
}

TEST_CASE("an end that could not be told is told when Redis is back, whoever is the first to speak") {
  for (int round = 0; round < 5; ++round) {
    RedisServer server;
    HealthNode a(server), b(server);
    REQUIRE((a.up() && b.up()));
    a.answer(401);
    REQUIRE(b.gets_blocked());
    server.kill9();
    REQUIRE(eventually(kGenerous, [&] { return !a.available() && !b.available(); }));
    b.answer(200);
    CHECK(b.left() == 0);
    CHECK(a.left() > 0);
    server.restart();
    CHECK(a.gets_free());
    CHECK(b.gets_free());
    CHECK(has_entries(server, 0));
  }
}

TEST_CASE("a block that is told again by one who did not hear of its end is ended again, a new one is not") {
  RedisServer server;
  HealthNode a(server), b(server);
  REQUIRE((a.up() && b.up()));
  const std::int64_t until = write(server, 300s, 2, true);
  const std::string text = fmt::format("\"x {} 2 1 529 1 \"", until);
  server.run("PUBLISH sluice:2:health " + text);
  REQUIRE((a.gets_blocked() && b.gets_blocked()));
  b.answer(200);
  REQUIRE((a.gets_free() && has_entries(server, 0)));
  server.run(fmt::format("HSET {} x| {}", kHash, text));
  server.run("PUBLISH sluice:2:health " + text);
  CHECK(has_entries(server, 0));
  CHECK(a.gets_free());
  CHECK(b.left() == 0);
  a.answer(529);
  CHECK(b.gets_blocked());
}

TEST_CASE("what Redis lost unnoticed is told again after a while") {
  RedisServer server;
  HealthNode a(server, 20ms);
  REQUIRE(a.up());
  a.answer(429, 600s);
  REQUIRE(has_entries(server, 1));
  server.run("FLUSHALL");
  CHECK(eventually(kGenerous, [&] {
    a.answer(200, std::nullopt, "another");
    return server.run(std::string("HLEN ") + kHash) == ":1";
  }));
}

TEST_CASE("what has passed is forgotten after a while, however few the failures") {
  RedisServer server;
  HealthNode a(server, 20ms);
  REQUIRE(a.up());
  for (int i = 0; i < 100; ++i)
    a.answer(429, 50ms, "account-" + std::to_string(i), true);
  CHECK(eventually(kGenerous, [&] {
    a.answer(200, std::nullopt, "another");
    return a.remembered() == 0;
  }));
}

TEST_CASE("many blocks are told again in several calls") {
  RedisServer server;
  HealthNode a(server);
  REQUIRE(a.up());
  for (int i = 0; i < 700; ++i)
    a.answer(429, 600s, "account-" + std::to_string(i));
  REQUIRE(has_entries(server, 700));
  server.restart();
  CHECK(has_entries(server, 700));
}

}  // namespace
}  // namespace sluice::pick
