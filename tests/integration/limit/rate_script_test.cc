#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMinute = 60'000'000;  // debt of one request or token

struct Debt {
  std::int64_t debt = 0;
  std::int64_t at_us = 0;
};

class RateFixture : public ScriptsFixture {
 public:
  AdmitAsk ask(std::uint64_t per_minute, std::uint64_t tokens_per_minute = 0, std::uint64_t estimate = 0) {
    AdmitAsk ask;
    ask.member = "n/0:a";
    ask.owner = "n/0";
    ask.key = {.scope = "key:k", .concurrency = 0, .requests = per_minute, .tokens = tokens_per_minute};
    ask.tokens = estimate;
    return ask;
  }
  Debt debt(const std::string& key) {
    const std::string text = redis.text({"GET", key});
    if (text.empty()) return {};
    const std::size_t colon = text.find(':');
    return {std::stoll(text.substr(0, colon)), std::stoll(text.substr(colon + 1))};
  }
  void set(const std::string& key, Debt debt) {
    REQUIRE(redis.command({"SET", key, std::to_string(debt.debt) + ":" + std::to_string(debt.at_us), "PX", "600000"}));
  }
  // As if so much time had passed since the last request.
  void pass(const std::string& key, std::int64_t us) {
    Debt before = debt(key);
    before.at_us -= us;
    set(key, before);
  }
  std::int64_t now_us() {
    const std::vector<std::string> time = redis.list({"TIME"});
    return std::stoll(time[0]) * 1'000'000 + std::stoll(time[1]);
  }

  const std::string requests = names.request_rate("key:k");
  const std::string tokens = names.token_rate("key:k");
};

// The clock of Redis goes on between the calls, so the expected debt is computed from the times that it noted. A third
// of a minute is owed from the start: with a large limit one request alone is forgotten before this test can read it.
TEST_CASE("the debt is exact in whole numbers, for odd and for large limits") {
  for (const std::int64_t limit : {3, 7, 61, 1'000, 1'000'003}) {
    RateFixture f;
    const std::int64_t owed = (limit + 2) / 3;
    Debt before{.debt = owed * kMinute, .at_us = f.now_us()};
    f.set(f.requests, before);
    for (std::int64_t i = 0; i < 20; ++i) {
      const bool passed = std::holds_alternative<AdmitGranted>(f.admit(f.ask(static_cast<std::uint64_t>(limit))));
      const Debt after = f.debt(f.requests);
      if (i < limit - owed) CHECK(passed);  // what is left of a minute's requests passes at once
      if (!passed) {
        CHECK(after.debt == before.debt);
        continue;
      }
      const std::int64_t left = std::max<std::int64_t>(0, before.debt - (after.at_us - before.at_us) * limit);
      CHECK(after.debt == left + kMinute);
      CHECK(after.debt <= limit * kMinute);
      before = after;
    }
  }
}

TEST_CASE("one request more than the limit waits until just its own share has been worked off") {
  RateFixture f;
  // The debt was noted in a future that is far away: nothing is worked off, however slow this test runs.
  const std::int64_t future = f.now_us() + 3'600'000'000;
  f.set(f.requests, {.debt = 7 * kMinute, .at_us = future});
  const AdmitRefused refused = f.refused(f.ask(7));
  CHECK(refused.why == Refusal::kKeyRequests);
  CHECK(refused.limit == 7);
  CHECK(refused.current == 7);
  CHECK(refused.retry_after == milliseconds(8572));  // 60 s / 7, rounded up
  f.set(f.requests, {.debt = 6 * kMinute + 1, .at_us = future});
  CHECK(f.refused(f.ask(7)).retry_after == milliseconds(1));
  f.set(f.requests, {.debt = 6 * kMinute, .at_us = future});
  f.granted(f.ask(7));
  f.set(f.requests, {.debt = 7 * kMinute, .at_us = f.now_us()});
  f.pass(f.requests, 8'572'000);  // what retry_after said
  f.granted(f.ask(7));
}

TEST_CASE("a rate key is forgotten when nothing is owed any more") {
  RateFixture f;
  f.granted(f.ask(60));
  const std::int64_t ttl = std::stoll(f.redis.text({"PTTL", f.requests}));
  CHECK(ttl > 0);
  CHECK(ttl <= 1000);
}

TEST_CASE("tokens: a request larger than the limit passes only when nothing is owed") {
  RateFixture f;
  const std::int64_t future = f.now_us() + 3'600'000'000;
  f.set(f.tokens, {.debt = 1, .at_us = future});
  const AdmitRefused refused = f.refused(f.ask(0, 1000, 5000));
  CHECK(refused.why == Refusal::kKeyTokens);
  CHECK(refused.retry_after == milliseconds(1));
  REQUIRE(f.redis.command({"DEL", f.tokens}));
  f.granted(f.ask(0, 1000, 5000));
  CHECK(f.debt(f.tokens).debt == 5000 * kMinute);
  const AdmitRefused next = f.refused(f.ask(0, 1000, 1));
  CHECK(next.current <= 5000);
  CHECK(next.retry_after > milliseconds(200'000));  // four minutes of debt above the limit, less the time so far
}

TEST_CASE("user and key have their own rates, and a refusal of one charges neither") {
  RateFixture f;
  AdmitAsk ask = f.ask(1, 1000, 10);
  ask.user = {.scope = "user:u", .concurrency = 0, .requests = 5, .tokens = 5000};
  f.granted(ask);
  const Debt user = f.debt(f.names.request_rate("user:u"));
  CHECK(f.refused(ask).why == Refusal::kKeyRequests);
  CHECK(f.debt(f.names.request_rate("user:u")).debt == user.debt);
  CHECK(f.debt(f.names.request_rate("user:u")).at_us == user.at_us);
  f.set(f.names.token_rate("user:u"), {.debt = 5000 * kMinute, .at_us = f.now_us() + 3'600'000'000});
  const AdmitRefused refused = f.refused(ask);
  CHECK(refused.why == Refusal::kUserTokens);
  CHECK(refused.current == 5000);
}

TEST_CASE("settling corrects the tokens by the difference, never below nothing") {
  RateFixture f;
  f.granted(f.ask(0, 1'000'000, 100));
  const std::vector<TokenCorrection> rates = {{.scope = "key:k", .limit = 1'000'000},
                                              {.scope = "user:unlimited", .limit = 0}};
  const Debt before = f.debt(f.tokens);
  SettleAsk settle{.member = "n/0:a", .owner = "n/0", .node = "n", .slots = {}, .purses = {}, .tokens = rates};
  settle.token_delta = 900;
  f.settle(settle);
  const Debt after = f.debt(f.tokens);
  CHECK(after.debt ==
        std::max<std::int64_t>(0, before.debt - (after.at_us - before.at_us) * 1'000'000) + 900 * kMinute);
  settle.token_delta = -1'000'000;
  f.settle(settle);
  CHECK(f.redis.text({"EXISTS", f.tokens}) == "0");
}

TEST_CASE("a clock that went back gives nothing away and locks nobody out") {
  RateFixture f;
  f.set(f.requests, {.debt = kMinute, .at_us = f.now_us() + 3'600'000'000});
  f.granted(f.ask(2));
  CHECK(f.debt(f.requests).debt == 2 * kMinute);
  f.pass(f.requests, 60'000'000);
  f.granted(f.ask(2));
}

}  // namespace
}  // namespace sluice::limit
