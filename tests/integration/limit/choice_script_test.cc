#include <set>

#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

using std::chrono::milliseconds;

class ChoiceFixture : public ScriptsFixture {
 public:
  AdmitAsk ask(std::string_view member, const std::vector<CandidateAsk>& candidates, std::string_view sticky = "") {
    AdmitAsk ask;
    ask.member = member;
    ask.owner = "n/0";
    ask.candidates = candidates;
    ask.sticky = sticky;
    ask.sticky_ttl = std::chrono::hours(1);
    ask.sticky_waiting = 1;
    ask.max_waiting_account = 2;
    ask.may_wait = true;
    return ask;
  }
  void occupy(const std::string& account, int slots) {
    for (int i = 0; i < slots; ++i) {
      const std::string member = "other/0:" + account + std::to_string(i);
      granted(ask(member, {{account, 100, 0}}));
    }
  }
  void set_used(const std::string& account, int ms) {
    REQUIRE(redis.command({"HSET", names.used(), account, std::to_string(ms)}));
  }
};

TEST_CASE("priority goes before load, load before last use, the rest is chance") {
  ChoiceFixture f;
  f.occupy("busy", 3);
  f.occupy("half", 1);
  const std::vector<CandidateAsk> tiers = {{"busy", 4, 0}, {"idle", 4, 1}};
  const AdmitGranted by_priority = f.granted(f.ask("n/0:1", tiers));
  CHECK(by_priority.candidate == 0);
  CHECK(by_priority.by == ChosenBy::kLowestPriority);
  CHECK(by_priority.loads.at(0).running == 3);
  CHECK(by_priority.loads.at(1).running == -1);  // not looked at

  const std::vector<CandidateAsk> peers = {{"busy", 8, 0}, {"half", 4, 0}};  // 4/8 and 1/4
  const AdmitGranted by_load = f.granted(f.ask("n/0:2", peers));
  CHECK(by_load.candidate == 1);
  CHECK(by_load.by == ChosenBy::kLowestLoad);

  const std::vector<CandidateAsk> heavy = {{"busy", 8, 0, 300}, {"half", 4, 0, 100}};  // 5/8 by 3 is below 2/4
  CHECK(f.granted(f.ask("n/0:5", heavy)).candidate == 0);

  const std::vector<CandidateAsk> equal = {{"p", 10, 0}, {"q", 20, 0}, {"r", 0, 0}};
  f.set_used("p", 300);
  f.set_used("q", 100);
  f.set_used("r", 200);
  const AdmitGranted by_use = f.granted(f.ask("n/0:3", equal));
  CHECK(by_use.candidate == 1);
  CHECK(by_use.by == ChosenBy::kLeastRecentlyUsed);

  std::set<std::int32_t> chosen;
  for (int i = 0; i < 500 && chosen.size() < 2; ++i) {
    REQUIRE(f.redis.command({"DEL", f.names.used()}));
    const AdmitGranted by_chance = f.granted(f.ask("n/0:4", {{"s", 0, 0}, {"t", 0, 0}}));
    CHECK(by_chance.by == ChosenBy::kRandom);
    chosen.insert(by_chance.candidate);
  }
  CHECK(chosen.size() == 2);
}

TEST_CASE("the next priority is taken when all of a better one are full") {
  ChoiceFixture f;
  f.occupy("a", 1);
  f.occupy("b", 1);
  const AdmitGranted granted = f.granted(f.ask("n/0:1", {{"a", 1, 0}, {"b", 1, 0}, {"c", 1, 5}}));
  CHECK(granted.candidate == 2);
  CHECK(granted.by == ChosenBy::kLowestPriority);
  CHECK(granted.loads.at(1).running == 1);
  CHECK(f.granted(f.ask("n/0:2", {{"c", 2, 0}})).by == ChosenBy::kOnlyCandidate);
}

TEST_CASE("a conversation returns to its account, and moves when it must") {
  ChoiceFixture f;
  const std::vector<CandidateAsk> both = {{"a", 1, 0}, {"b", 1, 1}};
  CHECK(f.granted(f.ask("n/0:1", both, "talk")).candidate == 0);
  CHECK(f.redis.text({"GET", f.names.sticky("talk")}) == "a");
  CHECK(std::stoll(f.redis.text({"PTTL", f.names.sticky("talk")})) > 3'500'000);
  f.release("n/0:1", "account:a", 1);
  REQUIRE(f.redis.command(sticky_bind_command(f.names, "talk", "b", milliseconds(9'000'000))));
  const AdmitGranted again = f.granted(f.ask("n/0:2", both, "talk"));
  CHECK(again.candidate == 1);
  CHECK(again.by == ChosenBy::kSticky);
  CHECK(std::get<AdmitStickyElsewhere>(f.admit(f.ask("n/0:3", {{"a", 1, 0}}, "talk"))).account == "b");
  CHECK_FALSE(f.in(f.names.slots("account:a"), "n/0:3"));
  AdmitAsk moved = f.ask("n/0:3", both, "talk");
  moved.ignore_sticky = true;
  CHECK(f.granted(moved).candidate == 0);
  CHECK(f.redis.text({"GET", f.names.sticky("talk")}) == "a");
}

TEST_CASE("a full conversation's account is waited for alone, by few, and for a while") {
  ChoiceFixture f;
  f.occupy("a", 1);
  REQUIRE(f.redis.command(sticky_bind_command(f.names, "talk", "a", milliseconds(9'000'000))));
  const std::vector<CandidateAsk> both = {{"a", 1, 0}, {"b", 1, 0}};
  AdmitAsk first = f.ask("n/0:1", both, "talk");
  const AdmitWaiting waits = f.waiting(first);
  CHECK(waits.for_what == WaitFor::kSticky);
  CHECK(waits.sticky == 0);
  CHECK(waits.position == 1);
  CHECK(f.granted(f.ask("n/0:2", both, "talk")).candidate == 1);  // one waits already
  CHECK(f.redis.text({"GET", f.names.sticky("talk")}) == "b");
  REQUIRE(f.redis.command(sticky_bind_command(f.names, "talk", "a", milliseconds(9'000'000))));
  first.ticket = waits.ticket;
  first.admitted_already = true;
  CHECK(f.waiting(first).for_what == WaitFor::kSticky);  // its own place does not count against it
  first.yield_sticky = true;
  const AdmitWaiting yields = f.waiting(first);
  CHECK(yields.for_what == WaitFor::kAccount);
  CHECK(yields.ticket == waits.ticket);
  CHECK(yields.queues == 3);
  f.release("n/0:2", "account:b", 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 1 account:b"});
  const AdmitGranted handed = f.granted(first);
  CHECK(handed.candidate == 1);
  CHECK(handed.by == ChosenBy::kHandedOver);
  CHECK(f.redis.text({"GET", f.names.sticky("talk")}) == "b");
  CHECK_FALSE(f.in(f.names.queue("account:a"), "n/0:1"));
}

TEST_CASE("a yielding conversation takes a free account at once") {
  ChoiceFixture f;
  f.occupy("a", 1);
  REQUIRE(f.redis.command(sticky_bind_command(f.names, "talk", "a", milliseconds(9'000'000))));
  AdmitAsk ask = f.ask("n/0:1", {}, "talk");
  const std::vector<CandidateAsk> both = {{"a", 1, 0}, {"b", 1, 0}};
  ask.candidates = both;
  ask.ticket = f.waiting(ask).ticket;
  ask.yield_sticky = true;
  CHECK(f.granted(ask).candidate == 1);
  CHECK(f.redis.text({"ZCARD", f.names.waiting()}) == "0");
  CHECK(f.redis.text({"EXISTS", f.names.queue("account:a")}) == "0");
}

TEST_CASE("full accounts: tried elsewhere, waited for, or refused when their queues are full") {
  ChoiceFixture f;
  f.occupy("a", 1);
  f.occupy("b", 1);
  const std::vector<CandidateAsk> both = {{"a", 1, 0}, {"b", 1, 0}};
  AdmitAsk impatient = f.ask("n/0:1", both);
  impatient.user = {.scope = "user:u", .concurrency = 5};
  impatient.may_wait = false;
  const auto full = ScriptsFixture::as<AdmitAllFull>(f.admit(impatient));
  CHECK(full.loads.at(1).running == 1);
  CHECK_FALSE(f.in(f.names.slots("user:u"), "n/0:1"));

  impatient.may_wait = true;
  CHECK(f.waiting(impatient).for_what == WaitFor::kAccount);
  CHECK(f.in(f.names.slots("user:u"), "n/0:1"));  // kept while it waits for an account
  CHECK(f.waiting(f.ask("n/0:2", {{"a", 1, 0}})).position == 2);
  const AdmitWaiting partly = f.waiting(f.ask("n/0:3", both));
  CHECK(partly.queues == 2);  // the queue of a is full
  CHECK(partly.loads.at(0).waiting == 2);
  AdmitAsk late = f.ask("n/0:4", both);
  late.user = {.scope = "user:u", .concurrency = 5};
  const AdmitRefused refused = f.refused(late);
  CHECK(refused.why == Refusal::kAccounts);
  CHECK(refused.limit == 2);
  CHECK_FALSE(f.in(f.names.slots("user:u"), "n/0:4"));
}

TEST_CASE("a newcomer does not overtake those who wait for an account") {
  ChoiceFixture f;
  f.occupy("a", 1);
  f.waiting(f.ask("n/0:w", {{"a", 1, 0}}));
  f.expire(f.names.slots("account:a"), "other/0:a0");
  const AdmitGranted granted = f.granted(f.ask("n/0:new", {{"a", 1, 0}, {"b", 1, 1}}));
  CHECK(granted.candidate == 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 w account:a"});
}

}  // namespace
}  // namespace sluice::limit
