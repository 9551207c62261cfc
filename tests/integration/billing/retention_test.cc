// What is dropped by the policy leaves the books right, and nothing younger is touched.
#include "controlplane/usage/retention.h"

#include <thread>

#include "controlplane/usage/tend_rollups.h"
#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

namespace {

using testing::batch_of;
using testing::Books;
using testing::event_for;
using testing::in_tx;
using testing::value_of;

constexpr std::chrono::days kOld{390};

// The same, so long before.
usage::v1::UsageEvent moved(usage::v1::UsageEvent event, std::chrono::seconds back) {
  event.set_event_id(Uuid::generate(testing::now() - back).to_string());
  for (auto* at : {event.mutable_started_at(), event.mutable_ended_at()})
    at->set_seconds(at->seconds() - back.count());
  return event;
}

struct Kept : Books {
  // A fortnight later, when the old events are past 401 days.
  SystemTime later = testing::now() + std::chrono::days(14);

  void policy(const std::string& text) { value_of(try_sql("UPDATE usage_retention SET " + text)); }
  void compare() {
    while (value_of(in_tx(*this, [&](db::Transaction& tx) { return usage::compare_one_day(tx, later); })).any) {
    }
  }
  // How many days of events went.
  int drop() {
    int days = 0;
    for (;;) {
      const auto dropped =
          value_of(in_tx(*this, [&](db::Transaction& tx) { return usage::drop_events_of_a_day(tx, later); }));
      if (dropped.tables == 0) return days;
      ++days;
    }
  }
  std::int64_t sums() { return number("SELECT coalesce(sum(requests), 0)::bigint AS n FROM usage_days"); }
};

std::string problems(Kept& books) {
  std::string out;
  for (const Drift& drift : books.drift())
    out += drift.invariant + " " + drift.id + ": " + drift.expected_nano_usd + " / " + drift.actual_nano_usd + "\n";
  return out;
}

}  // namespace

TEST_CASE("events past the policy go, and the books still add up") {
  Kept books;
  const std::string user = books.add_user();
  const auto subscription = testing::assign(books, user, testing::add_plan(books));
  std::vector<usage::v1::UsageEvent> events;
  for (int i = 0; i < 5; ++i) {
    auto old = moved(event_for(user, 100 + i), kOld);
    old.add_purses("key:" + old.api_key_id() + ":total");
    events.push_back(old);
    events.push_back(moved(testing::subscribed_event(subscription, 50), kOld));
    auto young = event_for(user, 10 + i);
    young.add_purses("key:" + young.api_key_id() + ":total");
    events.push_back(young);
  }
  value_of(books.ingest().store("node-1", batch_of(events)));
  REQUIRE(problems(books).empty());
  const std::int64_t balance = books.balance_of(user).nano_usd;
  const std::int64_t spent = books.number("SELECT sum(spent_nano_usd)::bigint AS n FROM key_spending");

  books.policy("events_days = 401");
  CHECK(books.drop() == 0);  // their sums were not compared yet
  books.compare();
  CHECK(books.drop() == 1);
  CHECK(books.events() == 5);
  CHECK(books.drop() == 0);
  CHECK(problems(books).empty());
  CHECK(books.balance_of(user).nano_usd == balance);
  CHECK(books.number("SELECT sum(spent_nano_usd)::bigint AS n FROM key_spending") == spent);
  CHECK(books.number("SELECT sum(cost_nano_usd)::bigint AS n FROM usage_dropped_keys") ==
        books.number("SELECT cost_nano_usd::bigint AS n FROM usage_dropped_days"));
  CHECK(books.sums() == 15);
  // Other days are still compared.
  value_of(books.try_sql(
      "UPDATE usage_days SET cost_nano_usd = cost_nano_usd + 7 WHERE bucket > now() - interval '2 days'"));
  CHECK(problems(books).starts_with("rollup"));
  value_of(books.try_sql(
      "UPDATE usage_days SET cost_nano_usd = cost_nano_usd - 7 WHERE bucket > now() - interval '2 days'"));
  REQUIRE(problems(books).empty());
  // A wrong book is still found: of a dropped day by its revenue, of a kept one by its events.
  value_of(books.try_sql("UPDATE usage_dropped_days SET cost_nano_usd = cost_nano_usd + 1"));
  CHECK(problems(books).starts_with("revenue"));
}

TEST_CASE("sums that are not those of the events are drift") {
  Kept books;
  const std::string user = books.add_user();
  value_of(books.ingest().store("node-1", batch_of({event_for(user, 10), event_for(user, 20)})));
  books.compare();
  REQUIRE(problems(books).empty());
  value_of(books.try_sql("UPDATE usage_days SET cost_nano_usd = cost_nano_usd + 7"));
  CHECK(problems(books).starts_with("rollup"));
}

TEST_CASE("two that drop at once drop once, and whoever stores meanwhile loses nothing") {
  Kept books;
  const std::string user = books.add_user();
  std::vector<usage::v1::UsageEvent> events;
  for (int day = 0; day < 4; ++day)
    events.push_back(moved(event_for(user, 10), kOld + std::chrono::days(day)));
  value_of(books.ingest().store("node-1", batch_of(events)));
  books.policy("events_days = 401");
  books.compare();
  std::atomic<bool> stop = false;
  std::int64_t stored = 0;
  std::jthread storing([&] {
    while (!stop) {
      value_of(books.ingest().store("node-1", batch_of({event_for(user, 10)})));
      ++stored;
    }
  });
  std::atomic<int> days = 0;
  {
    const auto drop = [&] {
      for (int i = 0; i < 8; ++i) {
        const auto dropped =
            in_tx(books, [&](db::Transaction& tx) { return usage::drop_events_of_a_day(tx, books.later); });
        if (dropped) days += static_cast<int>(dropped->tables);
      }
    };
    const std::jthread one(drop);
    const std::jthread two(drop);
  }
  stop = true;
  storing.join();
  CHECK(days + books.drop() == 4);
  CHECK(books.events() == stored);
  CHECK(problems(books).empty());
}

TEST_CASE("sums that nobody reads any more go by the table, and single rows of the quarantine") {
  Kept books;
  const std::string user = books.add_user();
  value_of(books.ingest().store("node-1", batch_of({moved(event_for(user, 10), kOld), event_for(user, 10)})));
  value_of(books.try_sql(
      "INSERT INTO usage_quarantine (payload_sha256, payload, event_id, node_id, reason, received_at) SELECT "
      "decode(lpad(n::text, 64, '0'), 'hex'), '', 'e', 'n', 'r', now() - n * interval '300 days' "
      "FROM generate_series(0, 2) n"));
  value_of(books.try_sql("SELECT ensure_rollup_partition('usage_minutes', 'day', (now() - interval '9 days')::date)"));
  const auto tables = [&] {
    return books.number("SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'usage_minutes'::regclass");
  };
  const std::int64_t before = tables();
  for (;;) {
    const auto dropped =
        value_of(in_tx(books, [&](db::Transaction& tx) { return usage::drop_sums(tx, testing::now()); }));
    if (dropped.tables == 0 && dropped.rows == 0) break;
  }
  CHECK(tables() == before - 1);
  CHECK(books.number("SELECT count(*) AS n FROM usage_minutes") == 1);  // the old one was in the rest
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarters") == 1);
  CHECK(books.sums() == 2);
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarantine") == 2);
  CHECK(problems(books).empty());
}

}  // namespace sluice::billing
