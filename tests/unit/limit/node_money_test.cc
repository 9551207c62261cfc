#include "dataplane/limit/node_money.h"

#include <catch2/catch.hpp>
#include <thread>

namespace sluice {
namespace {

using limit::Acknowledged;
using limit::NewBalance;
using limit::NodeMoney;
using limit::PurseDemand;

PurseDemand wallet(std::int64_t balance, std::uint64_t version) {
  return {.id = "user:1", .limit_nano = 0, .known_balance_nano = balance, .known_version = version};
}

TEST_CASE("the newest balance counts") {
  NodeMoney money([] { return 1U; });
  PurseDemand first = wallet(1000, 5);
  money.learn(first);
  PurseDemand older = wallet(9000, 4);
  money.learn(older);
  CHECK(older.known_balance_nano == 1000);
  CHECK(older.known_version == 5);
  const std::vector<NewBalance> balances = {{"user:1", 700, 6}, {"user:1", 9000, 3}};
  money.acknowledged({}, balances);
  CHECK(money.totals("user:1").balance_nano == 700);
  CHECK(money.totals("user:1").version == 6);
}

TEST_CASE("a node promises its share of what is left") {
  unsigned nodes = 2;
  NodeMoney money([&] { return nodes; });
  PurseDemand purse = wallet(1000, 1);
  money.learn(purse);
  std::int64_t available = 0;
  CHECK(money.try_hold(purse, 300, available));
  CHECK(available == 500);
  CHECK_FALSE(money.try_hold(purse, 201, available));
  CHECK(available == 200);
  CHECK(money.try_hold(purse, 200, available));
  (void)money.spend("user:1", 300, 250);  // still not acknowledged
  CHECK_FALSE(money.try_hold(purse, 51, available));
  CHECK(money.try_hold(purse, 50, available));
  nodes = 0;  // not known yet
  CHECK(money.try_hold(purse, 500, available));
  CHECK_FALSE(money.try_hold(purse, 1, available));
}

TEST_CASE("budgets have a limit, and what was spent as a negative balance") {
  NodeMoney money([] { return 1U; });
  PurseDemand budget{.id = "key:1:total", .limit_nano = 500, .known_balance_nano = -450, .known_version = 1};
  money.learn(budget);
  std::int64_t available = 0;
  CHECK_FALSE(money.try_hold(budget, 51, available));
  CHECK(money.try_hold(budget, 50, available));
}

TEST_CASE("micro-dollars of spending add up to what was spent, rounded up once") {
  NodeMoney money([] { return 1U; });
  std::int64_t told = 0;
  for (int i = 0; i < 1000; ++i)
    told += money.spend("user:1", 0, 1);
  CHECK(told == 1);
  told += money.spend("user:1", 0, 1);
  CHECK(told == 2);
  const std::vector<Acknowledged> costs = {{"user:1", 600}, {"user:1", 401}};
  money.acknowledged(costs, {});
  const auto reports = money.take_acknowledged();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].acknowledged_micro == told);
  CHECK(money.take_acknowledged().empty());
  CHECK(money.totals("user:1").unacked_nano == 0);
}

TEST_CASE("an acknowledgement may come before the spending") {
  NodeMoney money([] { return 1U; });
  const std::vector<Acknowledged> costs = {{"user:1", 5000}};
  money.acknowledged(costs, {});
  const auto reports = money.take_acknowledged();
  REQUIRE(reports.size() == 1);
  CHECK(money.spend("user:1", 0, 5000) - reports[0].acknowledged_micro == 0);
  CHECK(money.totals("user:1").unacked_nano == 0);
}

TEST_CASE("unacknowledged money is told until it is gone, and once more") {
  NodeMoney money([] { return 1U; });
  money.recovered("user:1", 5000);
  CHECK(money.take_unacknowledged() == std::vector<std::string>{"user:1"});
  CHECK(money.take_unacknowledged() == std::vector<std::string>{"user:1"});
  const std::vector<Acknowledged> costs = {{"user:1", 5000}};
  money.acknowledged(costs, {});
  CHECK(money.take_unacknowledged() == std::vector<std::string>{"user:1"});
  CHECK(money.take_unacknowledged().empty());
  money.tell_again("user:1");
  CHECK(money.take_unacknowledged().size() == 1);
}

TEST_CASE("idle purses are forgotten, those in use are not") {
  NodeMoney money([] { return 1U; });
  for (int i = 0; i < 1000; ++i) {
    PurseDemand purse{.id = "user:" + std::to_string(i), .known_balance_nano = 1, .known_version = 1};
    money.learn(purse);
  }
  money.hold("user:7", 10);
  (void)money.spend("user:8", 0, 10);
  CHECK(money.size() == 1000);
  for (int i = 0; i < 200; ++i)
    (void)money.take_unacknowledged();
  CHECK(money.size() == 2);
  CHECK(money.totals("user:7").held_nano == 10);
  CHECK(money.totals("user:8").unacked_nano == 10);
}

TEST_CASE("acknowledgements from another thread lose nothing and call the listener") {
  NodeMoney money([] { return 1U; });
  std::atomic<int> calls = 0;
  money.on_acknowledged([&] { ++calls; });
  std::thread uploader([&] {
    const std::vector<Acknowledged> costs = {{"user:1", 7}};
    for (int i = 0; i < 1000; ++i)
      money.acknowledged(costs, {});
  });
  for (int i = 0; i < 1000; ++i)
    (void)money.spend("user:1", 0, 7);
  uploader.join();
  CHECK(calls == 1000);
  CHECK(money.totals("user:1").unacked_nano == 0);
  money.on_acknowledged(nullptr);
  money.acknowledged({}, {});
  CHECK(calls == 1000);
}

TEST_CASE("holds are rounded up, balances down") {
  CHECK(limit::micro_up(0) == 0);
  CHECK(limit::micro_up(1) == 1);
  CHECK(limit::micro_up(1000) == 1);
  CHECK(limit::micro_up(1001) == 2);
  CHECK(limit::micro_up(-1) == 0);
  CHECK(limit::micro_up(-1999) == -1);
  CHECK(limit::micro_down(1999) == 1);
  CHECK(limit::micro_down(-1) == -1);
  CHECK(limit::micro_down(-1000) == -1);
  CHECK(limit::micro_down(-1001) == -2);
}

}  // namespace
}  // namespace sluice
