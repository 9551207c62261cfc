#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

using std::chrono::milliseconds;
using Fields = std::map<std::string, std::string>;

AdmitAsk user_ask(std::string_view member, std::uint32_t concurrency, bool may_wait = true) {
  AdmitAsk ask;
  ask.member = member;
  ask.owner = "n/0";
  ask.user = {.scope = "user:u", .concurrency = concurrency};
  ask.max_waiting_scope = 2;
  ask.max_waiting_account = 2;
  ask.may_wait = may_wait;
  return ask;
}

TEST_CASE("a user's slots are given up to the limit, then the queue fills in order, then requests are refused") {
  ScriptsFixture f;
  CHECK(f.granted(user_ask("n/0:a", 2)).candidate == -1);
  CHECK(f.granted(user_ask("n/0:b", 2)).by == ChosenBy::kNone);
  CHECK(f.granted(user_ask("n/0:b", 2)).loads.empty());  // holds one already
  const AdmitWaiting third = f.waiting(user_ask("n/0:c", 2));
  CHECK(third.for_what == WaitFor::kUser);
  CHECK(third.position == 1);
  CHECK(third.ticket > 1'000'000'000'000'000);
  CHECK(f.waiting(user_ask("n/0:d", 2)).position == 2);
  const AdmitRefused fifth = f.refused(user_ask("n/0:e", 2));
  CHECK(fifth.why == Refusal::kUserConcurrency);
  CHECK(fifth.limit == 2);
  CHECK(fifth.current == 2);
  // Asking again is no second place in the queue.
  AdmitAsk again = user_ask("n/0:c", 2);
  again.ticket = third.ticket;
  CHECK(f.waiting(again).position == 1);
  CHECK(f.redis.text({"ZCARD", f.names.queue("user:u")}) == "2");
  CHECK(f.refused(user_ask("n/0:f", 2, false)).why == Refusal::kUserConcurrency);
}

TEST_CASE("a freed slot goes to the head of the queue, which is told, and not to newcomers") {
  ScriptsFixture f;
  f.granted(user_ask("n/0:a", 1));
  const AdmitWaiting b = f.waiting(user_ask("m/3:b", 1));
  f.waiting(user_ask("n/0:c", 1));
  f.release("n/0:a", "user:u", 1);
  CHECK(f.woken() == std::vector<std::string>{"m/3 b user:u"});
  CHECK_FALSE(f.in(f.names.waiting(), "m/3:b"));
  CHECK(f.refused(user_ask("n/0:x", 1, false)).current == 1);
  AdmitAsk again = user_ask("m/3:b", 1);
  again.ticket = b.ticket;
  f.granted(again);
  f.release("n/0:a", "user:u", 1);  // a second time: nothing is handed on
  CHECK(f.woken().empty());
  f.release("m/3:b", "user:u", 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 c user:u"});
}

TEST_CASE("dead waiters do not block a free slot, live ones are served before a newcomer") {
  ScriptsFixture f;
  f.granted(user_ask("n/0:a", 1));
  f.waiting(user_ask("n/0:dead", 1));
  f.waiting(user_ask("n/0:b", 1));
  f.expire(f.names.waiting(), "n/0:dead");
  f.expire(f.names.slots("user:u"), "n/0:a");
  const AdmitWaiting c = f.waiting(user_ask("n/0:c", 1));
  CHECK(c.position == 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 b user:u"});
  f.expire(f.names.slots("user:u"), "n/0:b");
  f.expire(f.names.waiting(), "n/0:c");
  f.granted(user_ask("n/0:d", 1));
  CHECK(f.woken().empty());
}

TEST_CASE("a request that must wait for its key gives the user's slot back, and holds nothing") {
  ScriptsFixture f;
  AdmitAsk a = user_ask("n/0:a", 1);
  a.key = {.scope = "key:k", .concurrency = 1};
  f.granted(a);
  AdmitAsk b = a;
  b.member = "n/0:b";
  b.ticket = f.waiting(b).ticket;
  const AdmitWaiting other = f.waiting(user_ask("n/0:other", 1));
  f.release("n/0:a", "user:u", 1);  // the key's slot is still taken
  CHECK(f.woken() == std::vector<std::string>{"n/0 b user:u"});
  CHECK(f.waiting(b).for_what == WaitFor::kKey);
  CHECK(f.woken() == std::vector<std::string>{"n/0 other user:u"});
  CHECK_FALSE(f.in(f.names.slots("user:u"), "n/0:b"));
  CHECK(other.position == 2);
  f.release("n/0:a", "key:k", 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 b key:k"});
  f.release("n/0:other", "user:u", 1);
  f.granted(b);
  CHECK(f.in(f.names.slots("user:u"), "n/0:b"));
  CHECK(f.in(f.names.slots("key:k"), "n/0:b"));
}

TEST_CASE("nothing is charged unless all of user, key, rates and purses pass") {
  ScriptsFixture f;
  const PurseAsk purse{.purse = "user:u", .limit_micro = 0, .bal_micro = 100, .ver = 1};
  AdmitAsk ask = user_ask("n/0:a", 1);
  ask.user.requests = 10;
  ask.user.tokens = 1000;
  ask.tokens = 50;
  ask.hold_micro = 101;
  ask.purses = {&purse, 1};
  const AdmitRefused refused = f.refused(ask);
  CHECK(refused.why == Refusal::kPurse);
  CHECK(refused.purse == 0);
  CHECK(refused.current == 100);
  CHECK(f.redis.list({"KEYS", "*"}) == std::vector<std::string>{f.names.epoch()});
  ask.hold_micro = 100;
  f.granted(ask);
  CHECK(f.redis.text({"GET", f.names.request_rate("user:u")}).starts_with("60000000:"));
  CHECK(f.redis.text({"GET", f.names.token_rate("user:u")}).starts_with("3000000000:"));
  CHECK(f.hash(f.names.purse("user:u")) == Fields{{"bal", "100"}, {"ver", "1"}, {"total", "100"}, {"h:n/0", "100"}});
}

TEST_CASE("a request that asked again and passed its user stands in the queue of accounts only") {
  ScriptsFixture f;
  const CandidateAsk account{.account = "x", .concurrency = 1, .priority = 0};
  AdmitAsk first = user_ask("n/0:a", 1);
  first.candidates = {&account, 1};
  f.granted(first);
  AdmitAsk second = first;
  second.member = "n/0:b";
  second.ticket = f.waiting(second).ticket;
  f.expire(f.names.slots("user:u"), "n/0:a");
  CHECK(f.waiting(second).for_what == WaitFor::kAccount);
  CHECK_FALSE(f.in(f.names.queue("user:u"), "n/0:b"));
  CHECK(f.waiting(user_ask("n/0:c", 1)).position == 1);
  f.release("n/0:a", "account:x", 1);
  CHECK(f.woken() == std::vector<std::string>{"n/0 b account:x"});
}

TEST_CASE("a refused request gives back the slot that it was handed") {
  ScriptsFixture f;
  f.granted(user_ask("n/0:a", 1));
  AdmitAsk b = user_ask("n/0:b", 1);
  b.ticket = f.waiting(b).ticket;
  f.waiting(user_ask("n/0:c", 1));
  f.release("n/0:a", "user:u", 1);
  CHECK(f.woken().size() == 1);
  const PurseAsk purse{.purse = "user:u", .limit_micro = 5, .bal_micro = -5, .ver = 1};
  b.hold_micro = 1;
  b.purses = {&purse, 1};
  const AdmitRefused refused = f.refused(b);
  CHECK(refused.limit == 5);
  CHECK(refused.current == 0);
  CHECK(f.woken() == std::vector<std::string>{"n/0 c user:u"});
}

TEST_CASE("unlimited asks touch no keys but the epoch and the use of the account") {
  ScriptsFixture f;
  const CandidateAsk account{.account = "x", .concurrency = 0, .priority = 0};
  AdmitAsk ask = user_ask("n/0:a", 0);
  ask.candidates = {&account, 1};
  const AdmitGranted granted = f.granted(ask);
  CHECK(granted.candidate == 0);
  CHECK(granted.by == ChosenBy::kOnlyCandidate);
  CHECK(granted.loads.at(0).running == -1);
  CHECK(f.redis.text({"DBSIZE"}) == "2");
}

TEST_CASE("without an epoch, or in quarantine, nothing is admitted") {
  ScriptsFixture f;
  REQUIRE(f.redis.command({"FLUSHALL"}));
  CHECK(std::holds_alternative<AdmitRebuild>(f.admit(user_ask("n/0:a", 1))));
  const FoundOutcome first = f.found(std::chrono::hours(1), "run1", "e1");
  CHECK(first.changed);
  CHECK(first.until - first.now == std::chrono::hours(1));
  const auto quarantine = ScriptsFixture::as<AdmitQuarantine>(f.admit(user_ask("n/0:a", 1)));
  CHECK(quarantine.until == first.until);
  CHECK(quarantine.remaining > milliseconds(0));
  CHECK(quarantine.remaining <= std::chrono::hours(1));
  const FoundOutcome same = f.found(milliseconds(0), "run1", "e2");
  CHECK_FALSE(same.changed);
  CHECK(same.epoch_id == "e1");
  CHECK(same.until == first.until);
  const FoundOutcome other_run = f.found(milliseconds(0), "run2", "e3");
  CHECK(other_run.changed);
  CHECK(other_run.epoch_id == "e3");
  f.granted(user_ask("n/0:a", 1));
}

TEST_CASE("replies of another shape are errors") {
  const redis::Reply::List cut = {{std::string("granted")}, {std::int64_t{0}}};
  CHECK(parse_admit({cut}).error().code == ErrorCode::kDataLoss);
  const redis::Reply::List unknown = {{std::string("granted")}, {std::int64_t{0}}, {std::int64_t{99}}};
  CHECK(parse_admit({unknown}).error().code == ErrorCode::kDataLoss);
  const redis::Reply::List odd = {{std::string("all_full")}, {std::int64_t{0}}};
  CHECK(parse_admit({odd}).error().code == ErrorCode::kDataLoss);
  CHECK(parse_admit({std::int64_t{1}}).error().code == ErrorCode::kDataLoss);
  CHECK(parse_extend({redis::Reply::List{{std::string("granted")}}}).error().code == ErrorCode::kDataLoss);
  CHECK(parse_purses({redis::Reply::List{{std::int64_t{1}}}}).error().code == ErrorCode::kDataLoss);
  CHECK(parse_waiters({redis::Reply::List{{std::int64_t{-3}}}}).error().code == ErrorCode::kDataLoss);
  CHECK(parse_found({redis::Reply::List{}}).error().code == ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace sluice::limit
