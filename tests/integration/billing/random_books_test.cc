// Whatever happens in whatever order, from many threads: the ledger and the balances agree, and with what was asked.
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

using namespace testing;

TEST_CASE("random work from many threads keeps ledger and balances equal") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  Books books;
  constexpr std::size_t kUsers = 4;
  std::vector<std::string> users;
  std::vector<store::Subscription> subscriptions;
  const auto plan = add_plan(books);
  for (std::size_t i = 0; i < kUsers; ++i) {
    users.push_back(books.add_user());
    subscriptions.push_back(assign(books, users.back(), plan));
  }
  // Every event and every adjustment exists once and is sent by several threads.
  std::mt19937 random(seed);
  std::vector<usage::v1::UsageEvent> events;
  std::vector<Adjustment> adjustments;
  std::map<std::string, std::int64_t> expected;
  std::int64_t subscribed = 0;
  for (int i = 0; i < 300; ++i) {
    const std::size_t user = random() % kUsers;
    const auto output = static_cast<std::int64_t>(random() % 50);
    if (random() % 3 == 0) {
      events.push_back(subscribed_event(subscriptions[user], output));
      subscribed += cost_of(output);
    } else {
      events.push_back(event_for(users[user], output));
      expected[users[user]] -= cost_of(output);
    }
  }
  for (int i = 0; i < 60; ++i) {
    const std::string& user = users[random() % kUsers];
    const auto amount = static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
    if (amount == 0) continue;
    adjustments.push_back({.user_id = user, .amount_nano_usd = amount, .external_id = "a" + std::to_string(i)});
    expected[user] += amount;
  }
  std::atomic<int> failures{0};
  const auto work = [&](unsigned own_seed) {
    std::mt19937 own(own_seed);
    auto mine = events;
    std::ranges::shuffle(mine, own);
    auto to_adjust = adjustments;
    std::ranges::shuffle(to_adjust, own);
    for (std::size_t i = 0; i < mine.size();) {
      const std::size_t end = std::min(mine.size(), i + 1 + own() % 40);
      std::vector<usage::v1::UsageEvent> batch(mine.begin() + static_cast<std::ptrdiff_t>(i),
                                               mine.begin() + static_cast<std::ptrdiff_t>(end));
      if (own() % 4 == 0) batch.push_back(batch.front());  // twice in one batch
      if (!books.ingest().store("node", batch_of(batch))) ++failures;
      for (int j = 0; j < 5 && !to_adjust.empty(); ++j) {
        // Another thread may be making it at this moment.
        auto done = books.try_adjust(to_adjust.back());
        while (!done && done.error().code == ErrorCode::kUnavailable)
          done = books.try_adjust(to_adjust.back());
        if (!done) ++failures;
        to_adjust.pop_back();
      }
      i = end;
    }
    for (const Adjustment& left : to_adjust) {
      if (!books.try_adjust(left)) ++failures;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i)
    threads.emplace_back(work, seed + i);
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == 0);
  CHECK(books.events() == 300);
  for (const std::string& user : users)
    CHECK(books.balance_of(user).nano_usd == expected[user]);
  CHECK(books.number("SELECT coalesce(sum(spent_nano_usd), 0)::bigint AS n FROM subscription_spending "
                     "WHERE window_id LIKE 'day:%'") == subscribed);
  CHECK(books.number("SELECT sum(amount_nano_usd)::bigint AS n FROM ledger_lines") == 0);
  const auto drift = books.drift();
  for (const Drift& one : drift)
    UNSCOPED_INFO(one.invariant << " " << one.id << " " << one.expected_nano_usd << " " << one.actual_nano_usd);
  CHECK(drift.empty());
}

}  // namespace sluice::billing
