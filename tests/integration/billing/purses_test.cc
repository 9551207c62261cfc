// Purses: what budgets of keys are charged, what a node hears of them, and when a balance is published again.
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "controlplane/billing/purse.h"
#include "tests/integration/billing/books.h"

namespace sluice::billing {

namespace {

using testing::batch_of;
using testing::Books;
using testing::cost_of;
using testing::event_for;
using testing::new_id;
using testing::value_of;
using usage::v1::UsageEvent;

std::string wallet(const std::string& user) {
  return "user:" + user;
}

std::string budget(const std::string& key, const std::string& window) {
  return "key:" + key + ":" + window;
}

UsageEvent event_of(const std::string& user, const std::string& key, std::int64_t output,
                    const std::vector<std::string>& windows) {
  UsageEvent event = event_for(user, output);
  event.set_api_key_id(key);
  event.add_purses(wallet(user));
  for (const std::string& window : windows)
    event.add_purses(budget(key, window));
  return event;
}

void check_purse(const Purses& purses, const std::string& id, std::int64_t nano_usd, std::int64_t version) {
  INFO(id);
  REQUIRE(purses.contains(id));
  CHECK(purses.at(id).nano_usd == nano_usd);
  CHECK(purses.at(id).version == version);
}

// Spending by key and window that is not the sum of the events' costs.
constexpr const char* kSpendingDrift =
    "SELECT count(*) AS n FROM (SELECT api_key_id, w AS window_id, sum(cost_nano_usd) AS spent FROM usage_events, "
    "unnest(string_to_array(budget_windows, ' ')) AS w WHERE cost_nano_usd > 0 GROUP BY 1, 2) AS e "
    "FULL JOIN key_spending AS k USING (api_key_id, window_id) WHERE e.spent IS DISTINCT FROM k.spent_nano_usd";

}  // namespace

TEST_CASE("window ids have the form that nodes give them") {
  for (const char* good : {"total", "day:2026-11-23", "week:2026-11-23", "month:2026-11"}) {
    CAPTURE(good);
    CHECK(is_window_id(good));
  }
  for (const char* bad : {"", "day", "day:2026-11", "month:2026-11-23", "year:2026", "total ", "day:2026-11-2x"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_window_id(bad));
  }
}

TEST_CASE("every purse that a batch names is answered with its state, duplicates included") {
  Books books;
  const std::string user = books.add_user();
  const std::string key = new_id();
  (void)books.top_up(user, 1'000'000'000, "t");
  const std::vector<UsageEvent> events{event_of(user, key, 10, {"day:2026-11-23", "total"}),
                                       event_of(user, key, 20, {"total"})};
  const BatchResult first = value_of(books.ingest().store("node", batch_of(events)));
  CHECK(first.purses.size() == 3);
  check_purse(first.purses, wallet(user), 1'000'000'000 - cost_of(30), 2);
  check_purse(first.purses, budget(key, "day:2026-11-23"), -cost_of(10), 1);
  check_purse(first.purses, budget(key, "total"), -cost_of(30), 1);

  // Redelivery charges nothing and says the same; together with news it says what is true then.
  for (int again = 0; again < 2; ++again) {
    const BatchResult repeated = value_of(books.ingest().store("node", batch_of(events)));
    CHECK(repeated.duplicates == 2);
    CHECK(repeated.purses.size() == 3);
    check_purse(repeated.purses, wallet(user), 1'000'000'000 - cost_of(30), 2);
    check_purse(repeated.purses, budget(key, "total"), -cost_of(30), 1);
  }
  const BatchResult mixed =
      value_of(books.ingest().store("node", batch_of({events[0], event_of(user, key, 5, {"total"})})));
  CHECK(mixed.purses.size() == 3);
  check_purse(mixed.purses, wallet(user), 1'000'000'000 - cost_of(35), 3);
  check_purse(mixed.purses, budget(key, "day:2026-11-23"), -cost_of(10), 1);
  check_purse(mixed.purses, budget(key, "total"), -cost_of(35), 2);
  CHECK(books.number(kSpendingDrift) == 0);
  CHECK(books.drift().empty());
}

TEST_CASE("a purse that nothing was ever charged to has version 0") {
  Books books;
  const std::string user = books.add_user();
  const std::string key = new_id();
  const BatchResult free = value_of(books.ingest().store("node", batch_of({event_of(user, key, 0, {"total"})})));
  CHECK(free.stored == 1);
  check_purse(free.purses, wallet(user), 0, 0);
  check_purse(free.purses, budget(key, "total"), 0, 0);
  // An event without purses, as older nodes report it, is paid all the same.
  const BatchResult unnamed = value_of(books.ingest().store("node", batch_of({event_for(user, 3)})));
  CHECK(books.balance_of(user).nano_usd == -cost_of(3));
  check_purse(unnamed.purses, wallet(user), -cost_of(3), 1);
}

TEST_CASE("purses of others, of unknown form or named twice put the event into quarantine") {
  Books books;
  const std::string user = books.add_user();
  const std::string key = new_id();
  std::vector<UsageEvent> bad;
  for (const std::string& purse :
       {wallet(new_id()), budget(new_id(), "total"), budget(key, ""), budget(key, "total x"), wallet(user),
        budget(key, "month:2026-11"), std::string("account:") + key, std::string()}) {
    UsageEvent event = event_of(user, key, 7, {"month:2026-11"});
    event.add_purses(purse);
    bad.push_back(event);
  }
  bad.push_back(event_of(new_id(), key, 7, {"total"}));  // no such user
  std::vector<UsageEvent> events = bad;
  events.push_back(event_of(user, key, 2, {"total"}));
  const BatchResult result = value_of(books.ingest().store("node", batch_of(events)));
  CHECK(result.quarantined == bad.size());
  CHECK(result.stored == 1);
  CHECK(result.purses.size() == 2);
  CHECK(books.balance_of(user).nano_usd == -cost_of(2));
  CHECK(books.number("SELECT count(*) AS n FROM key_spending") == 1);
  CHECK(books.drift().empty());
}

TEST_CASE("waiting time, mapped model and estimated counts are stored") {
  Books books;
  UsageEvent event = event_of(books.add_user(), new_id(), 4, {"total"});
  event.set_wait_us(1234);
  event.set_upstream_model("mapped");
  event.set_usage_state(usage::v1::USAGE_STATE_ESTIMATED);
  (void)value_of(books.ingest().store("node", batch_of({event})));
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE wait_us = 1234 AND upstream_model = 'mapped' "
                     "AND usage_state = 4 AND budget_windows = 'total'") == 1);
}

TEST_CASE("a balance is published again whenever it has halved, and when it is used up") {
  Books books;
  const std::string user = books.add_user();
  (void)books.top_up(user, cost_of(1000), "t");
  const auto published = [&] { return books.number("SELECT published_nano_usd AS n FROM wallets"); };
  CHECK(published() == cost_of(1000));
  const std::int64_t topped_up = books.revision_of(user);
  struct Step {
    std::int64_t spend, left_published;
    int publications;
  };
  for (const Step& step : {Step{400, 1000, 0}, Step{100, 1000, 0}, Step{1, 499, 1}, Step{249, 499, 1}, Step{1, 249, 2},
                           Step{248, 1, 3}, Step{1, 0, 4}, Step{10, 0, 4}}) {
    CAPTURE(step.spend);
    (void)value_of(books.ingest().store("node", batch_of({event_of(user, new_id(), step.spend, {})})));
    CHECK(published() == cost_of(step.left_published));
    CHECK(books.revision_of(user) == topped_up + step.publications);
  }
  (void)books.top_up(user, cost_of(110), "u");
  CHECK(published() == cost_of(100));
}

TEST_CASE("overlapping batches with shared wallets and budgets end exact, without deadlocks, and never answer stale") {
  Books books;
  std::vector<std::string> users;
  std::vector<std::string> keys;
  for (int i = 0; i < 4; ++i) {
    users.push_back(books.add_user());
    keys.push_back(new_id());
    (void)books.top_up(users.back(), cost_of(4000), "t" + std::to_string(i));
  }
  std::vector<UsageEvent> events;
  std::map<std::string, std::int64_t> total;
  for (std::size_t i = 0; i < 400; ++i) {
    const std::size_t who = i % users.size();
    events.push_back(event_of(users[who], keys[who], static_cast<std::int64_t>(i),
                              {"total", i % 8 < 4 ? "day:2026-11-23" : "day:2026-11-24"}));
    total[budget(keys[who], "total")] -= cost_of(static_cast<std::int64_t>(i));
  }
  std::mutex mutex;
  std::vector<std::string> failures;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      std::map<std::string, std::int64_t> mine;  // what this node knows to be charged
      std::set<std::string> acknowledged;
      for (int round = 0; round < 10; ++round) {
        std::vector<UsageEvent> some;
        for (const UsageEvent& event : events) {
          if (random() % 2 == 0) some.push_back(event);
        }
        std::shuffle(some.begin(), some.end(), random);
        const auto stored = books.ingest().store("node-" + std::to_string(t), batch_of(some));
        const std::lock_guard lock(mutex);
        if (!stored) {
          failures.push_back(stored.error().message);
          continue;
        }
        for (const UsageEvent& event : some) {
          if (!acknowledged.insert(event.event_id()).second) continue;
          mine[budget(event.api_key_id(), "total")] -= event.cost_nano_usd();
        }
        for (const auto& [purse, nano_usd] : mine) {
          const auto answered = stored->purses.find(purse);
          if (answered != stored->purses.end() && answered->second.nano_usd > nano_usd) {
            failures.push_back("the answer for " + purse + " lacks a cost that was acknowledged");
          }
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == std::vector<std::string>());
  const BatchResult whole = value_of(books.ingest().store("node", batch_of(events)));
  for (const auto& [purse, nano_usd] : total) {
    REQUIRE(whole.purses.contains(purse));
    CHECK(whole.purses.at(purse).nano_usd == nano_usd);
  }
  CHECK(books.number(kSpendingDrift) == 0);
  CHECK(books.drift().empty());
}

}  // namespace sluice::billing
