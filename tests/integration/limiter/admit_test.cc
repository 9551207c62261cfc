#include "tests/integration/limiter/node.h"

namespace sluice::limit {
namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::RedisServer;

Wish one_account(std::uint32_t limit) {
  return {.accounts = {{"a1", limit, 0}}};
}

TEST_CASE("a permit holds slots of user, key and account, and gives all of them back") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto request = node.request({.user_concurrency = 2, .key_concurrency = 2, .accounts = {{"a1", 3, 0}}});
  const Outcome outcome = node.admit(request);
  REQUIRE(granted(outcome));
  CHECK(std::get<Granted>(outcome.result).account == 0);
  CHECK(std::get<Granted>(outcome.result).by == ChosenBy::kOnlyCandidate);
  CHECK_FALSE(outcome.local);
  CHECK(node.call([&] { return request->permit.holds_account(); }));
  CHECK(node.held() == 3);
  CHECK(entries(server, "slots:user:u1") == 1);
  CHECK(entries(server, "slots:key:k1") == 1);
  CHECK(entries(server, "slots:account:a1") == 1);
  CHECK(node.limits().share.held("user:u1") == 1);
  node.end(request);
  CHECK(node.held() == 0);
  CHECK(node.limits().share.held("user:u1") == 0);
  CHECK(eventually(kGenerous, [&] {
    return entries(server, "slots:user:u1") + entries(server, "slots:key:k1") + entries(server, "slots:account:a1") ==
           0;
  }));
}

TEST_CASE("limits are exact under parallel nodes") {
  RedisServer server;
  std::list<Node> nodes;
  for (int i = 0; i < 4; ++i)
    nodes.emplace_back(server.url(), NodeOptions{.name = "n" + std::to_string(i)});
  for (Node& node : nodes)
    REQUIRE(node.by_redis());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<Outcome>> asked;
    for (int i = 0; i < 10; ++i) {
      for (Node& node : nodes) {
        asked.push_back(node.begin_admit(
            node.request({.user_concurrency = 25, .accounts = {{"a1", 4, 0}, {"a2", 3, 0}}, .may_wait = false})));
      }
    }
    int passed = 0;
    for (auto& outcome : asked)
      passed += granted(get(std::move(outcome))) ? 1 : 0;
    CHECK(passed == 7);
    CHECK(entries(server, "slots:account:a1") == 4);
    CHECK(entries(server, "slots:account:a2") == 3);
    CHECK(entries(server, "slots:user:u1") == 7);  // who got no account holds nothing
    for (Node& node : nodes)
      node.end_all();
    REQUIRE(eventually(kGenerous, [&] { return entries(server, "slots:user:u1") == 0; }));
  }
}

TEST_CASE("refusals name their limit") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  SECTION("concurrency") {
    REQUIRE(granted(node.admit(node.request({.user_concurrency = 1, .may_wait = false}))));
    CHECK(refused_by(node.admit(node.request({.user_concurrency = 1, .may_wait = false}))) == "user_concurrency");
    REQUIRE(granted(node.admit(node.request({.key_concurrency = 1, .may_wait = false}))));
    CHECK(refused_by(node.admit(node.request({.key_concurrency = 1, .may_wait = false}))) == "key_concurrency");
  }
  SECTION("requests per minute") {
    REQUIRE(granted(node.admit(node.request({.user_requests = 2}))));
    REQUIRE(granted(node.admit(node.request({.user_requests = 2}))));
    const Outcome outcome = node.admit(node.request({.user_requests = 2}));
    CHECK(refused_by(outcome) == "user_requests_per_minute");
    CHECK(std::get<Refused>(outcome.result).kind == Refused::Kind::kRate);
    CHECK(std::get<Refused>(outcome.result).limit == 2);
    CHECK(std::get<Refused>(outcome.result).retry_after > std::chrono::seconds(10));
  }
  SECTION("tokens per minute, corrected by what was used") {
    const auto first = node.request({.user_tokens = 1000, .tokens = 900});
    REQUIRE(granted(node.admit(first)));
    CHECK(refused_by(node.admit(node.request({.user_tokens = 1000, .tokens = 500}))) == "user_tokens_per_minute");
    node.call([&] {
      first->permit.settle(0, 100);
      return 0;
    });
    CHECK(granted(node.admit(node.request({.user_tokens = 1000, .tokens = 500}))));
  }
  SECTION("money") {
    const PurseDemand day{.id = "key:k1:day:2026-11-23", .limit_nano = 5'000, .known_balance_nano = -2'000};
    const Outcome budget = node.admit(node.request({.purses = {wallet("u1", 10'000), day}, .hold_nano = 4'000}));
    CHECK(refused_by(budget) == "key_budget_day");
    CHECK(std::get<Refused>(budget.result).kind == Refused::Kind::kMoney);
    CHECK(std::get<Refused>(budget.result).limit == 5'000);
    CHECK(std::get<Refused>(budget.result).current == 3'000);
    const Outcome money = node.admit(node.request({.purses = {wallet("u1", 10'000)}, .hold_nano = 11'000}));
    CHECK(refused_by(money) == "wallet");
    CHECK(purse(server, "user:u1", "total") == 0);
  }
  SECTION("accounts") {
    REQUIRE(granted(node.admit(node.request(one_account(1)))));
    Wish wish = one_account(1);
    wish.user_concurrency = 5;
    wish.may_wait = false;
    const Outcome outcome = node.admit(node.request(wish));
    CHECK(refused_by(outcome) == "accounts");
    CHECK(std::get<Refused>(outcome.result).kind == Refused::Kind::kAccountsFull);
    CHECK(entries(server, "slots:user:u1") == 0);
  }
}

TEST_CASE("failover asks for an account only") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const auto request = node.request({.user_concurrency = 1,
                                     .user_requests = 1,
                                     .accounts = {{"a1", 1, 0}, {"a2", 1, 1}},
                                     .purses = {wallet("u1", 5'000'000)},
                                     .hold_nano = 3'000'000});
  REQUIRE(granted(node.admit(request)));
  node.call([&] {
    request->permit.release_account();
    request->demand.accounts.erase(request->demand.accounts.begin());
    return 0;
  });
  CHECK_FALSE(node.call([&] { return request->permit.holds_account(); }));
  const Outcome again = node.admit(request);
  REQUIRE(granted(again));
  CHECK(entries(server, "slots:account:a1") == 0);
  CHECK(entries(server, "slots:account:a2") == 1);
  CHECK(entries(server, "slots:user:u1") == 1);
  CHECK(purse(server, "user:u1", "total") == 3'000);
  CHECK(node.held() == 2);
}

TEST_CASE("a conversation stays with its account") {
  RedisServer server;
  Node node(server.url(), {});
  REQUIRE(node.by_redis());
  const Wish wish{.accounts = {{"a1", 0, 0}, {"a2", 0, 0}, {"a3", 0, 0}}, .sticky = "conversation"};
  const Outcome first = node.admit(node.request(wish));
  REQUIRE(granted(first));
  for (int i = 0; i < 5; ++i) {
    const Outcome next = node.admit(node.request(wish));
    REQUIRE(granted(next));
    CHECK(std::get<Granted>(next.result).account == std::get<Granted>(first.result).account);
    CHECK(std::get<Granted>(next.result).by == ChosenBy::kSticky);
  }
  const auto other = node.request({.accounts = {{"a9", 0, 0}}, .sticky = "conversation"});
  const Outcome elsewhere = node.admit(other);
  REQUIRE(std::holds_alternative<StickyElsewhere>(elsewhere.result));
  CHECK(std::get<StickyElsewhere>(elsewhere.result).account_id ==
        wish.accounts[std::get<Granted>(first.result).account].id);
  CHECK(node.serve(other).granted);
}

}  // namespace
}  // namespace sluice::limit
