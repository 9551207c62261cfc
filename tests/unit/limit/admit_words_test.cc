#include "dataplane/limit/admit_words.h"

#include <catch2/catch.hpp>

namespace sluice::limit {
namespace {

TEST_CASE("purses are named by what they limit") {
  CHECK(limit_name_of_purse("user:0190") == "wallet");
  CHECK(limit_name_of_purse("sub:0190:day:2026-11-23") == "subscription_day");
  CHECK(limit_name_of_purse("sub:0190:week:2026-11-23") == "subscription_week");
  CHECK(limit_name_of_purse("sub:0190:month:2026-11") == "subscription_month");
  CHECK(limit_name_of_purse("key:0190:day:2026-11-23") == "key_budget_day");
  CHECK(limit_name_of_purse("key:0190:week:2026-11-23") == "key_budget_week");
  CHECK(limit_name_of_purse("key:0190:month:2026-11") == "key_budget_month");
  CHECK(limit_name_of_purse("key:0190:total") == "key_budget_total");
}

TEST_CASE("only scopes with a limit have places") {
  Demand demand;
  demand.user = {"u", 2, 0, 0};
  demand.key = {"k", 0, 0, 0};
  demand.accounts = {{"a", 0, 0}, {"b", 3, 0}};
  const std::vector<Place> places = all_places(demand);
  REQUIRE(places.size() == 2);
  CHECK(places[0].scope == "user:u");
  CHECK(places[0].limit == 2);
  CHECK(places[1].scope == "account:b");
  CHECK(places[1].account == 1);
}

TEST_CASE("of many accounts the first eight are looked at") {
  Demand demand;
  for (int i = 0; i < 12; ++i)
    demand.accounts.push_back({"a", 1, 0});
  CHECK(accounts_of(demand).size() == 8);
}

TEST_CASE("queues are those that the answer names") {
  Demand demand;
  demand.user = {"u", 2, 0, 0};
  demand.accounts = {{"a", 1, 0}, {"b", 1, 0}, {"c", 1, 0}};
  AdmitWaiting waiting;
  waiting.for_what = WaitFor::kUser;
  REQUIRE(queues_of(demand, waiting).size() == 1);
  CHECK(queues_of(demand, waiting)[0].scope == "user:u");
  waiting.for_what = WaitFor::kAccount;
  waiting.queues = 0b101;
  REQUIRE(queues_of(demand, waiting).size() == 2);
  CHECK(queues_of(demand, waiting)[1].scope == "account:c");
  waiting.for_what = WaitFor::kSticky;
  waiting.sticky = 1;
  REQUIRE(queues_of(demand, waiting).size() == 1);
  CHECK(queues_of(demand, waiting)[0].scope == "account:b");
}

TEST_CASE("refusals of money are in nano-dollars and do not suggest a retry") {
  Demand demand;
  demand.purses = {{.id = "user:1"}, {.id = "key:1:total"}};
  const Refused money =
      refused_of(demand, {.why = Refusal::kPurse, .purse = 1, .limit = 5, .current = -2, .loads = {}});
  CHECK(money.kind == Refused::Kind::kMoney);
  CHECK(money.limit_name == "key_budget_total");
  CHECK(money.limit == 5'000);
  CHECK(money.current == -2'000);
  CHECK(money.retry_after.count() == 0);
  const Refused slots = refused_of(demand, {.why = Refusal::kUserConcurrency, .limit = 3, .current = 3, .loads = {}});
  CHECK(slots.kind == Refused::Kind::kSlots);
  CHECK(slots.retry_after.count() > 0);
}

}  // namespace
}  // namespace sluice::limit
