#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

using Wakes = std::vector<std::string>;

class QueueFixture : public ScriptsFixture {
 public:
  // Holds one slot of the account, or waits for one; returns the ticket.
  std::int64_t take(std::string_view member, std::string_view account, std::uint32_t limit = 1) {
    return take_any(member, {{.account = account, .concurrency = limit, .priority = 0}});
  }
  std::int64_t take_any(std::string_view member, const std::vector<CandidateAsk>& candidates) {
    AdmitAsk ask;
    ask.member = member;
    ask.owner = "n/0";
    ask.candidates = candidates;
    ask.may_wait = true;
    ask.max_waiting_account = 10;
    const AdmitOutcome outcome = admit(ask);
    if (const auto* waits = std::get_if<AdmitWaiting>(&outcome)) return waits->ticket;
    REQUIRE(std::holds_alternative<AdmitGranted>(outcome));
    return 0;
  }
  std::vector<WaiterState> beat(const std::vector<ScopeLimit>& scopes, const std::vector<WaiterAsk>& waiters) {
    return value(parse_waiters(run(waiters_call(names, {.scopes = scopes, .waiters = waiters}))));
  }
  void renew(std::string_view scope, std::uint32_t limit, const std::vector<std::string_view>& members) {
    const HeldScope held{.scope = scope, .limit = limit, .members = members};
    run(renew_slots_call(names, {.scopes = {&held, 1}}));
  }
  std::int64_t lease_left(const std::string& key, std::string_view member) {
    const std::vector<std::string> time = redis.list({"TIME"});
    return std::stoll(redis.text({"ZSCORE", key, std::string(member)})) - std::stoll(time[0]) * 1000 -
           std::stoll(time[1]) / 1000;
  }
};

TEST_CASE("a waiter in several queues is granted once") {
  QueueFixture f;
  f.take("n/0:a", "x");
  f.take("n/0:b", "y");
  const std::vector<CandidateAsk> both = {{"x", 1, 0}, {"y", 1, 0}};
  CHECK(f.take_any("n/0:w1", both) != 0);
  CHECK(f.take_any("n/0:w2", both) != 0);
  f.release("n/0:b", "account:y", 1);
  CHECK(f.woken() == Wakes{"n/0 w1 account:y"});
  f.release("n/0:a", "account:x", 1);  // w1 still stands in this queue
  CHECK(f.woken() == Wakes{"n/0 w2 account:x"});
  CHECK(f.redis.text({"ZCARD", f.names.waiting()}) == "0");
  CHECK(f.hash(f.names.used()).size() == 2);
}

TEST_CASE("leaving frees the place; a slot that was handed over meanwhile is handed on") {
  QueueFixture f;
  f.take("n/0:a", "x");
  f.take("n/0:w1", "x");
  f.take("n/0:w2", "x");
  f.take("n/0:w3", "x");
  f.leave("n/0:w1", "account:x", 1);
  CHECK_FALSE(f.in(f.names.waiting(), "n/0:w1"));
  CHECK_FALSE(f.in(f.names.queue("account:x"), "n/0:w1"));
  f.release("n/0:a", "account:x", 1);
  CHECK(f.woken() == Wakes{"n/0 w2 account:x"});
  f.leave("n/0:w2", "account:x", 1);
  CHECK(f.woken() == Wakes{"n/0 w3 account:x"});
  CHECK_FALSE(f.in(f.names.slots("account:x"), "n/0:w2"));
  f.leave("n/0:w3", "account:x", 1);
  CHECK(f.woken().empty());
  CHECK(f.redis.list({"KEYS", f.names.slots("*")}).empty());
  CHECK(f.redis.list({"KEYS", f.names.queue("*")}).empty());
}

TEST_CASE("a grant by hand-off is a lease of full length") {
  QueueFixture f;
  f.take("n/0:a", "x");
  f.take("n/0:w", "x");
  f.release("n/0:a", "account:x", 1);
  CHECK(f.lease_left(f.names.slots("account:x"), "n/0:w") > kSlotLease.count() / 2);
  CHECK(f.lease_left(f.names.slots("account:x"), "n/0:w") <= kSlotLease.count());
  CHECK(std::stoll(f.redis.text({"PTTL", f.names.slots("account:x")})) > kSlotLease.count());
}

TEST_CASE("the waiters' heartbeat renews, tells of grants and of losses") {
  QueueFixture f;
  f.take("n/0:a", "x");
  f.take("n/0:b", "y");
  f.take("n/0:w1", "x");
  f.take("n/0:w2", "x");
  f.take("n/0:w3", "y");
  f.release("n/0:a", "account:x", 1);  // the message to w1 is lost
  f.expire(f.names.waiting(), "n/0:w3");
  REQUIRE(f.redis.command({"ZINCRBY", f.names.waiting(), "-10000", "n/0:w2"}));
  const std::vector<ScopeLimit> scopes = {{"account:y", 1}, {"account:x", 1}};
  const std::vector<std::uint32_t> x = {1};
  const std::vector<std::uint32_t> y = {0};
  const auto states = f.beat(scopes, {{"n/0:w1", x}, {"n/0:w2", x}, {"n/0:w3", y}});
  REQUIRE(states.size() == 3);
  CHECK(states[0].kind == WaiterState::Kind::kGranted);
  CHECK(states[0].scope == 1);
  CHECK(states[1].kind == WaiterState::Kind::kWaiting);
  CHECK(states[2].kind == WaiterState::Kind::kLost);
  CHECK(f.lease_left(f.names.waiting(), "n/0:w2") > kSlotLease.count() - 10'000);
  CHECK_FALSE(f.in(f.names.queue("account:y"), "n/0:w3"));
  CHECK(f.redis.text({"ZCARD", f.names.waiting()}) == "1");
}

TEST_CASE("the waiters' heartbeat takes over what the dead held") {
  QueueFixture f;
  f.take("dead/0:a", "x", 2);
  f.take("dead/0:b", "x", 2);
  f.take("dead/0:c", "x", 2);
  f.take("n/0:w1", "x", 2);
  f.take("n/0:w2", "x", 2);
  f.take("n/0:w3", "x", 2);
  f.expire(f.names.slots("account:x"), "dead/0:a");
  f.expire(f.names.slots("account:x"), "dead/0:b");
  f.expire(f.names.waiting(), "dead/0:c");
  const std::vector<std::uint32_t> x = {0};
  const auto states = f.beat({{"account:x", 2}}, {{"n/0:w3", x}, {"n/0:w1", x}});
  CHECK(f.woken() == Wakes{"n/0 w1 account:x", "n/0 w2 account:x"});
  CHECK(states.at(0).kind == WaiterState::Kind::kWaiting);
  CHECK(states.at(1).kind == WaiterState::Kind::kGranted);
  CHECK(f.redis.text({"ZCARD", f.names.slots("account:x")}) == "2");
}

TEST_CASE("renewal extends leases, registers lost ones again, and hands what expired to waiters") {
  QueueFixture f;
  f.take("n/0:a", "x", 2);
  f.take("dead/0:b", "x", 2);
  f.take("m/1:w", "x", 2);
  f.expire(f.names.slots("account:x"), "dead/0:b");
  f.expire(f.names.slots("account:x"), "n/0:a");
  f.renew("account:x", 2, {"n/0:a"});
  CHECK(f.woken() == Wakes{"m/1 w account:x"});
  CHECK(f.lease_left(f.names.slots("account:x"), "n/0:a") > kSlotLease.count() / 2);
  CHECK_FALSE(f.in(f.names.slots("account:x"), "dead/0:b"));
  REQUIRE(f.redis.command({"FLUSHALL"}));
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i)
    names.push_back("n/0:" + std::to_string(i));
  f.renew("account:x", 2, {names.begin(), names.end()});  // they run, whatever the limit says
  CHECK(f.redis.text({"ZCARD", f.names.slots("account:x")}) == "200");
  CHECK(std::stoll(f.redis.text({"PTTL", f.names.slots("account:x")})) > kSlotLease.count());
}

TEST_CASE("a limit that is gone lets everybody in who waits") {
  QueueFixture f;
  f.take("n/0:a", "x");
  f.take("n/0:w1", "x");
  f.take("n/0:w2", "x");
  f.renew("account:x", 0, {"n/0:a"});
  CHECK(f.woken() == Wakes{"n/0 w1 account:x", "n/0 w2 account:x"});
}

TEST_CASE("a limit that was lowered hands nothing on until enough are done") {
  QueueFixture f;
  f.take("n/0:a", "x", 3);
  f.take("n/0:b", "x", 3);
  f.take("n/0:c", "x", 3);
  f.take("n/0:w", "x", 3);
  f.release("n/0:a", "account:x", 2);
  CHECK(f.woken().empty());
  f.release("n/0:b", "account:x", 2);
  CHECK(f.woken() == Wakes{"n/0 w account:x"});
}

}  // namespace
}  // namespace sluice::limit
