// What the scripts cost Redis; printed, not judged.
#include <fmt/format.h>

#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

constexpr int kRequests = 2000;

struct Stats {
  double calls = 0;  // commands that scripts ran
  double us = 0;     // all of their time
};

class CostFixture : public ScriptsFixture {
 public:
  Stats stats() {
    Stats sum;
    const std::string info = redis.text({"INFO", "commandstats"});
    for (std::size_t at = info.find("cmdstat_"); at != std::string::npos; at = info.find("cmdstat_", at + 1)) {
      const std::string line = info.substr(at, info.find('\r', at) - at);
      const double calls = std::stod(line.substr(line.find("calls=") + 6));
      if (line.starts_with("cmdstat_eval")) {
        sum.us += std::stod(line.substr(line.find("usec=") + 5));
      } else if (!line.starts_with("cmdstat_info") && !line.starts_with("cmdstat_config")) {
        sum.calls += calls;
      }
    }
    return sum;
  }
  // Runs all requests and their ends, prints the mean of both.
  void measure(const std::string& what, AdmitAsk ask, SettleAsk settled) {
    std::vector<std::string> members;
    for (int i = 0; i < kRequests; ++i)
      members.push_back("n/0:" + std::to_string(i));
    ask.owner = settled.owner = "n/0";
    settled.node = "n";
    Stats admits;
    Stats settles;
    for (int from = 0; from < kRequests; from += 50) {  // up to 50 at a time
      REQUIRE(redis.command({"CONFIG", "RESETSTAT"}));
      for (int i = from; i < from + 50; ++i) {
        ask.member = members[static_cast<std::size_t>(i)];
        granted(ask);
      }
      add(admits);
      for (int i = from; i < from + 50; ++i) {
        settled.member = members[static_cast<std::size_t>(i)];
        settle(settled);
      }
      add(settles);
    }
    fmt::print("{}: admit {:.1f} commands, {:.1f} us; settle {:.1f} commands, {:.1f} us\n", what,
               admits.calls / kRequests, admits.us / kRequests, settles.calls / kRequests, settles.us / kRequests);
  }

 private:
  void add(Stats& sum) {
    const Stats now = stats();
    sum.calls += now.calls;
    sum.us += now.us;
    REQUIRE(redis.command({"CONFIG", "RESETSTAT"}));
  }
};

TEST_CASE("cost of a request in Redis") {
  CostFixture f;
  const CandidateAsk one[] = {{"x", 100, 0}};
  const CandidateAsk four[] = {{"x", 100, 0}, {"y", 100, 0}, {"z", 100, 0}, {"w", 100, 0}};
  const PurseAsk purses[] = {{.purse = "user:u", .limit_micro = 0, .bal_micro = 4'000'000'000'000, .ver = 1},
                             {.purse = "key:k:w", .limit_micro = 4'000'000'000'000, .bal_micro = 0, .ver = 1}};
  const ScopeLimit slots[] = {{"user:u", 100}, {"key:k", 100}, {"account:x", 100}};
  const PurseSettlement settlements[] = {{"user:u", 1000, 10}, {"key:k:w", 1000, 10}};
  const TokenCorrection tokens[] = {{"user:u", 1'000'000'000}, {"key:k", 1'000'000'000}};

  AdmitAsk ask;
  SettleAsk settle;
  ask.user = {.scope = "user:u", .concurrency = 100};
  ask.candidates = one;
  settle.slots = std::span(slots).subspan(0, 1);
  f.measure("a user's concurrency, one account", ask, {.slots = slots});

  ask.hold_micro = 1000;
  ask.purses = std::span(purses).first(1);
  settle.slots = slots;
  settle.purses = std::span(settlements).first(1);
  f.measure("and a balance", ask, settle);

  ask.key = {.scope = "key:k", .concurrency = 100, .requests = 1'000'000'000, .tokens = 1'000'000'000};
  ask.user.requests = ask.user.tokens = 1'000'000'000;
  ask.tokens = 500;
  ask.purses = purses;
  ask.candidates = four;
  ask.sticky = "talk";
  ask.sticky_ttl = std::chrono::hours(1);
  ask.ignore_sticky = true;
  settle.purses = settlements;
  settle.tokens = tokens;
  settle.token_delta = -100;
  // Whichever account was taken, its slot is settled: three of four are not held.
  const ScopeLimit all[] = {{"user:u", 100},    {"key:k", 100},     {"account:x", 100},
                            {"account:y", 100}, {"account:z", 100}, {"account:w", 100}};
  settle.slots = all;
  f.measure("every limit, four accounts, a conversation (three slots too many settled)", ask, settle);
}

}  // namespace
}  // namespace sluice::limit
