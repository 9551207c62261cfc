#include "dataplane/limit/local_share.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "dataplane/redis/breaker.h"
#include "dataplane/redis/endpoint.h"
#include "dataplane/redis/script.h"

namespace sluice {
namespace {

using limit::LocalShare;

TEST_CASE("a node's share is its part of the limit, rounded down, at least one") {
  unsigned nodes = 3;
  LocalShare share([&] { return nodes; });
  CHECK(share.share_of(10) == 3);
  CHECK(share.share_of(2) == 1);
  CHECK(share.share_of(1) == 1);
  nodes = 0;  // not known yet
  CHECK(share.share_of(10) == 10);
}

TEST_CASE("what Redis admitted counts toward the share") {
  LocalShare share([] { return 2U; });
  share.enter("user:1");
  share.enter("user:1");
  share.enter("user:1");
  CHECK_FALSE(share.try_enter("user:1", 6));
  share.leave("user:1");
  CHECK(share.try_enter("user:1", 6));
  CHECK_FALSE(share.try_enter("user:1", 6));
  CHECK(share.try_enter("user:2", 6));
  CHECK(share.held("user:1") == 3);
}

TEST_CASE("leaving an unknown scope does nothing") {
  LocalShare share([] { return 1U; });
  share.leave("user:1");
  CHECK(share.held("user:1") == 0);
  CHECK(share.try_enter("user:1", 1));
}

TEST_CASE("the share is exact when workers of a node race for it") {
  LocalShare share([] { return 1U; });
  std::atomic<int> granted = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int n = 0; n < 1000; ++n)
        granted += share.try_enter("user:1", 250) ? 1 : 0;
    });
  }
  for (auto& worker : workers)
    worker.join();
  CHECK(granted == 250);
  CHECK(share.held("user:1") == 250);
}

TEST_CASE("the breaker opens after failures in a row only") {
  redis::Breaker breaker(3);
  CHECK_FALSE(breaker.failed());
  CHECK_FALSE(breaker.failed());
  breaker.succeeded();
  CHECK_FALSE(breaker.failed());
  CHECK_FALSE(breaker.failed());
  CHECK_FALSE(breaker.is_open());
  CHECK(breaker.failed());
  CHECK(breaker.is_open());
  CHECK_FALSE(breaker.failed());  // it is open already
  breaker.succeeded();
  CHECK(breaker.is_open());  // a late answer is not a probe
  breaker.close();
  CHECK_FALSE(breaker.is_open());
  CHECK_FALSE(breaker.failed());
}

TEST_CASE("Redis addresses") {
  CHECK(redis::parse_endpoint("unix:/run/redis.sock")->unix_path == "/run/redis.sock");
  CHECK(redis::parse_endpoint("unix:///run/redis.sock")->to_string() == "unix:/run/redis.sock");
  CHECK(redis::parse_endpoint("redis.internal:6379")->host == "redis.internal");
  CHECK(redis::parse_endpoint("[::1]:6379")->host == "::1");
  CHECK(redis::parse_endpoint("[::1]:6379")->to_string() == "[::1]:6379");
  for (const std::string& bad :
       {std::string(), std::string("redis"), std::string("redis:"), std::string("redis:0"), std::string("redis:65536"),
        std::string(":6379"), std::string("::1:6379"), std::string("redis://h:6379"), std::string("unix:"),
        std::string("unix:relative"), std::string("u:p@h:6379"), "unix:/" + std::string(200, 'x')}) {
    CAPTURE(bad);
    CHECK_FALSE(redis::parse_endpoint(bad).has_value());
  }
}

TEST_CASE("scripts are named by their SHA-1") {
  CHECK(redis::Script("return 1").sha() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

TEST_CASE("what is held can be listed by prefix") {
  LocalShare share([] { return 1U; });
  share.enter("account:a");
  share.enter("account:a");
  share.enter("account:b");
  share.enter("user:a");
  share.leave("account:b");
  const auto held = share.held_below("account:");
  REQUIRE(held.size() == 1);
  CHECK(held.front().first == "account:a");
  CHECK(held.front().second == 2);
}

}  // namespace
}  // namespace sluice
