#include "controlplane/billing/ingest.h"

#include <random>
#include <thread>

#include "tests/integration/billing/books.h"

namespace sluice::billing {

using testing::batch_of;
using testing::Books;
using testing::cost_of;
using testing::event_for;
using testing::value_of;

TEST_CASE("a batch is stored, posted and paid once however often it comes") {
  Books books;
  const std::string first = books.add_user();
  const std::string second = books.add_user();
  std::vector<usage::v1::UsageEvent> events;
  for (int i = 0; i < 20; ++i)
    events.push_back(event_for(i % 2 == 0 ? first : second, i));
  const BatchResult counts = value_of(books.ingest().store("node", batch_of(events)));
  CHECK(counts.stored == 20);
  CHECK(counts.duplicates == 0);
  const Balance balance = books.balance_of(first);
  CHECK(balance.nano_usd == -cost_of(0 + 2 + 4 + 6 + 8 + 10 + 12 + 14 + 16 + 18));
  CHECK(balance.version == 1);
  // Event 0 costs nothing: a row, no transaction.
  CHECK(books.number("SELECT count(*) AS n FROM ledger_transactions") == 19);

  for (int again = 0; again < 2; ++again) {
    std::ranges::reverse(events);
    const BatchResult repeated = value_of(books.ingest().store("node", batch_of(events)));
    CHECK(repeated.stored == 0);
    CHECK(repeated.duplicates == 20);
  }
  CHECK(books.events() == 20);
  CHECK(books.balance_of(first).nano_usd == balance.nano_usd);
  CHECK(books.balance_of(first).version == 1);
  CHECK(books.drift().empty());
}

TEST_CASE("the same event twice in one batch is one event") {
  Books books;
  const auto event = event_for(books.add_user(), 7);
  const BatchResult counts = value_of(books.ingest().store("node", batch_of({event, event})));
  CHECK(counts.stored == 1);
  CHECK(counts.duplicates == 1);
  CHECK(books.drift().empty());
}

TEST_CASE("overlapping batches at the same time end in exact books") {
  Books books;
  std::vector<std::string> users;
  for (int i = 0; i < 5; ++i)
    users.push_back(books.add_user());
  std::vector<usage::v1::UsageEvent> events;
  std::int64_t expected = 0;
  for (int i = 0; i < 600; ++i) {
    events.push_back(event_for(users[static_cast<std::size_t>(i) % users.size()], i));
    expected += cost_of(i);
  }
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::vector<std::string> failures;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int round = 0; round < 10; ++round) {
        std::vector<usage::v1::UsageEvent> mine;
        for (const auto& event : events) {
          if (random() % 2 == 0) mine.push_back(event);
        }
        std::shuffle(mine.begin(), mine.end(), random);
        const auto stored = books.ingest().store("node-" + std::to_string(t), batch_of(mine));
        if (stored) continue;
        const std::lock_guard lock(mutex);
        failures.push_back(stored.error().message);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == std::vector<std::string>());
  value_of(books.ingest().store("node", batch_of(events)));
  CHECK(books.events() == 600);
  CHECK(books.number("SELECT -sum(balance_nano_usd)::bigint AS n FROM wallets") == expected);
  CHECK(books.drift().empty());
}

TEST_CASE("what cannot be an event goes to quarantine with the reason and holds up nobody") {
  Books books;
  const std::string user = books.add_user();
  std::vector<std::pair<std::string, usage::v1::UsageEvent>> bad;
  const auto add = [&](const std::string& reason, auto change) {
    usage::v1::UsageEvent event = event_for(user, 5);
    change(event);
    bad.emplace_back(reason, event);
  };
  add("event_id is no UUID", [](auto& e) { e.set_event_id(std::string("nul\0", 4)); });
  add("event_id is no UUIDv7", [](auto& e) { e.set_event_id("7b7e63d2-9bcd-4f0e-8d5a-0a4e6f6a3c11"); });
  add("event_id is more than 400 days ago", [](auto& e) { e.set_event_id("01000000-0000-7000-8000-000000000000"); });
  add("event_id is more than a day ahead", [](auto& e) { e.set_event_id("0f000000-0000-7000-8000-000000000000"); });
  add("user_id is no UUID", [](auto& e) { e.set_user_id(""); });
  add("account_id is no UUID", [](auto& e) { e.set_account_id("x"); });
  add("no such user", [](auto& e) { e.set_user_id(testing::new_id()); });
  add("a token count is negative", [](auto& e) { e.mutable_tokens()->set_input(-1); });
  add("started_at is no time", [](auto& e) { e.clear_started_at(); });
  add("ended_at is more than a day ahead", [](auto& e) { e.mutable_ended_at()->set_seconds(200'000'000'000); });
  add("outcome or usage state is unknown", [](auto& e) { e.clear_outcome(); });
  add("cost is 1 nano-USD but its lines make 75000", [](auto& e) { e.set_cost_nano_usd(1); });
  add("price per million tokens is negative", [](auto& e) { e.mutable_lines(0)->set_unit_price(-1); });
  add("a number is out of range", [](auto& e) { e.set_first_byte_us(~0ULL); });
  std::vector<usage::v1::UsageEvent> events = {event_for(user, 1)};
  for (const auto& [reason, event] : bad)
    events.push_back(event);
  events.push_back(event_for(user, 2));

  for (int again = 0; again < 2; ++again) {
    const BatchResult counts = value_of(books.ingest().store("node", batch_of(events)));
    CHECK(counts.stored + counts.duplicates == 2);
    CHECK(counts.quarantined == bad.size());
  }
  CHECK(books.balance_of(user).nano_usd == -cost_of(3));
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarantine") == static_cast<std::int64_t>(bad.size()));
  for (const auto& [reason, event] : bad) {
    CAPTURE(reason);
    auto rows = value_of(db::in_transaction(books.pool(), [&](db::Transaction& tx) {
      return tx.exec("SELECT payload FROM usage_quarantine WHERE reason = $1", reason);
    }));
    REQUIRE(rows.size() == 1);
    CHECK(rows.front().get<db::Bytes>("payload").value == event.SerializeAsString());
  }
  CHECK(books.drift().empty());
}

TEST_CASE("a row that only the database refuses is singled out") {
  Books books;
  const std::string user = books.add_user();
  const std::string full = books.add_user();
  static_cast<void>(books.top_up(full, std::numeric_limits<std::int64_t>::min() + 10, "huge"));
  std::vector<usage::v1::UsageEvent> events;
  for (int i = 1; i <= 9; ++i)
    events.push_back(event_for(i == 4 ? full : user, i));
  const BatchResult counts = value_of(books.ingest().store("node", batch_of(events)));
  CHECK(counts.stored == 8);
  CHECK(counts.quarantined == 1);
  CHECK(books.balance_of(user).nano_usd == -cost_of(45 - 4));
  CHECK(books.drift().empty());
}

TEST_CASE("odd bytes from upstreams and clients are stored as text") {
  Books books;
  auto event = event_for(books.add_user(), 1);
  event.set_raw_usage("{\"a\": \"\xff\xfe\", \"quote\\\"\": 1}");
  event.set_upstream_request_id(std::string("req\0_\x80", 6));
  event.set_served_model("mod\xe8le {,\"\\}");
  event.set_requested_model("日本\\ \"x\", NULL");
  REQUIRE(value_of(books.ingest().store("node", batch_of({event}))).stored == 1);
  auto rows =
      value_of(books.try_sql("SELECT raw_usage, upstream_request_id, served_model, requested_model FROM usage_events"));
  CHECK(rows.front().get<std::string>("raw_usage") == "{\"a\": \"??\", \"quote\\\"\": 1}");
  CHECK(rows.front().get<std::string>("upstream_request_id") == "req?_?");
  CHECK(rows.front().get<std::string>("served_model") == "mod?le {,\"\\}");
  CHECK(rows.front().get<std::string>("requested_model") == "日本\\ \"x\", NULL");
}

TEST_CASE("a user is pushed when the money runs out, once, and again when there is some") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, cost_of(10), "start"));
  const auto revision = books.revision_of(user);
  value_of(books.ingest().store("node", batch_of({event_for(user, 4)})));
  CHECK(books.revision_of(user) == revision);
  const auto last = event_for(user, 6);
  value_of(books.ingest().store("node", batch_of({last})));
  CHECK(books.balance_of(user).nano_usd == 0);
  CHECK(books.revision_of(user) == revision + 1);
  value_of(books.ingest().store("node", batch_of({last, event_for(user, 1)})));
  CHECK(books.revision_of(user) == revision + 1);
  static_cast<void>(books.top_up(user, cost_of(3), "more"));
  CHECK(books.revision_of(user) == revision + 2);
  CHECK(books.balance_of(user).nano_usd == cost_of(2));
}

TEST_CASE("usage of a deleted user is billed and pushes nothing") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, 1, "start"));
  const auto deleted =
      value_of(db::in_transaction(books.pool(), [&](db::Transaction& tx) { return store::delete_user(tx, user); }));
  CHECK(value_of(books.ingest().store("node", batch_of({event_for(user, 1)}))).stored == 1);
  CHECK(books.revision_of(user) == deleted.revision);
  CHECK(books.drift().empty());
}

TEST_CASE("an event's day is that of its id, whenever it arrives") {
  Books books;
  auto event = event_for(books.add_user(), 1);
  const SystemTime past = RealClock().now() - std::chrono::days(30);
  event.set_event_id(Uuid::generate(past).to_string());
  REQUIRE(value_of(books.ingest().store("node", batch_of({event}))).stored == 1);
  RealClock clock;
  Ingest another(books.pool(), clock);
  CHECK(value_of(another.store("node", batch_of({event}))).duplicates == 1);
  CHECK(books.number("SELECT (current_date - day)::bigint AS n FROM usage_events") >= 29);
}

}  // namespace sluice::billing
