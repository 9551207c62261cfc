#include "controlplane/billing/ledger.h"

#include <thread>

#include "tests/integration/billing/books.h"

namespace sluice::billing {

using testing::Books;
using testing::value_of;

TEST_CASE("an adjustment moves money once per external id and pushes the user") {
  Books books;
  const std::string user = books.add_user();
  CHECK(books.balance_of(user).nano_usd == 0);
  CHECK(books.balance_of(user).version == 0);
  const auto revision = books.revision_of(user);

  const Adjusted first = books.top_up(user, 5'000, "payment-1");
  CHECK(first.balance.nano_usd == 5'000);
  CHECK(first.balance.version == 1);
  CHECK_FALSE(first.repeated);
  CHECK(books.revision_of(user) == revision + 1);

  const Adjusted again = books.top_up(user, 5'000, "payment-1");
  CHECK(again.repeated);
  CHECK(again.transaction_id == first.transaction_id);
  CHECK(again.balance.nano_usd == 5'000);
  CHECK(books.revision_of(user) == revision + 1);

  CHECK(books.top_up(user, -7'000, "chargeback-1").balance.nano_usd == -2'000);
  CHECK(books.drift().empty());
}

TEST_CASE("adjustments that make no sense are refused") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, 10, "x"));
  const auto code = [&](const Adjustment& adjustment) {
    const auto result = books.try_adjust(adjustment);
    return result ? ErrorCode::kInternal : result.error().code;
  };
  CHECK(code({.user_id = user, .amount_nano_usd = 0, .external_id = "y"}) == ErrorCode::kInvalidArgument);
  CHECK(code({.user_id = user, .amount_nano_usd = 1}) == ErrorCode::kInvalidArgument);
  CHECK(code({.user_id = testing::new_id(), .amount_nano_usd = 1, .external_id = "y"}) == ErrorCode::kNotFound);
  CHECK(code({.user_id = user, .amount_nano_usd = 11, .external_id = "x"}) == ErrorCode::kAlreadyExists);
  CHECK(code({.user_id = books.add_user(), .amount_nano_usd = 10, .external_id = "x"}) == ErrorCode::kAlreadyExists);
  CHECK(code({.user_id = user, .amount_nano_usd = std::numeric_limits<std::int64_t>::max(), .external_id = "y"}) ==
        ErrorCode::kInvalidArgument);
  CHECK(books.balance_of(user).nano_usd == 10);
  CHECK(books.drift().empty());
}

TEST_CASE("the same adjustment from many threads is made once") {
  Books books;
  const std::string user = books.add_user();
  std::vector<std::thread> threads;
  std::atomic<int> made{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto done = books.try_adjust({.user_id = user, .amount_nano_usd = 100, .external_id = "same"});
      if (done && !done->repeated) ++made;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(made == 1);
  CHECK(books.balance_of(user).nano_usd == 100);
}

TEST_CASE("entries are listed newest first in pages") {
  Books books;
  const std::string user = books.add_user();
  for (int i = 1; i <= 5; ++i)
    static_cast<void>(books.top_up(user, i, "t" + std::to_string(i)));
  static_cast<void>(books.top_up(books.add_user(), 99, "other"));
  value_of(books.ingest().store("node", testing::batch_of({testing::event_for(user, 2)})));
  std::vector<std::int64_t> amounts;
  store::PageRequest request{.size = 2};
  do {
    const auto page = value_of(
        db::in_transaction(books.pool(), [&](db::Transaction& tx) { return list_entries(tx, user, request); }));
    for (const LedgerEntry& entry : page.rows) {
      amounts.push_back(entry.amount_nano_usd);
      CHECK(entry.kind == (entry.amount_nano_usd > 0 ? "adjustment" : "usage"));
    }
    request.cursor = page.next;
  } while (!request.cursor.empty());
  std::ranges::sort(amounts);
  CHECK(amounts == std::vector<std::int64_t>{-testing::cost_of(2), 1, 2, 3, 4, 5});
}

TEST_CASE("the ledger only grows and only in balance") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, 10, "x"));
  value_of(books.ingest().store("node", testing::batch_of({testing::event_for(user, 1)})));
  for (const char* sql :
       {"UPDATE ledger_lines SET amount_nano_usd = 1", "DELETE FROM ledger_lines", "TRUNCATE ledger_lines",
        "DELETE FROM ledger_transactions", "UPDATE ledger_transactions SET reason = 'x'",
        "UPDATE usage_events SET cost_nano_usd = 0", "DELETE FROM usage_events",
        "INSERT INTO ledger_lines VALUES (gen_random_uuid(), 1, 'revenue', NULL, 5)"}) {
    CAPTURE(sql);
    CHECK_FALSE(books.try_sql(sql).has_value());
  }
  CHECK(books.drift().empty());
}

TEST_CASE("the checker finds every kind of drift") {
  Books books;
  const std::string user = books.add_user();
  const auto event = testing::event_for(user, 10);
  value_of(books.ingest().store("node", testing::batch_of({event})));
  REQUIRE(books.drift().empty());
  // As a superuser's hand would, past the triggers.
  const auto force = [&](const std::string& sql) {
    value_of(db::in_transaction(books.pool(), [&](db::Transaction& tx) -> Result<db::Rows> {
      value_of(tx.exec("SET LOCAL session_replication_role = replica"));
      return tx.exec(sql);
    }));
  };
  const auto found = [&] {
    std::set<std::string> kinds;
    for (const Drift& drift : books.drift())
      kinds.insert(drift.invariant);
    return kinds;
  };
  SECTION("wallet") {
    force("UPDATE wallets SET balance_nano_usd = balance_nano_usd + 1");
    CHECK(found() == std::set<std::string>{"wallet"});
    CHECK(books.drift()[0].id == user);
  }
  SECTION("a wallet that is gone") {
    force("DELETE FROM wallets");
    CHECK(found() == std::set<std::string>{"wallet"});
  }
  SECTION("one line") {
    force("UPDATE ledger_lines SET amount_nano_usd = amount_nano_usd + 1 WHERE account = 'revenue'");
    CHECK(found() == std::set<std::string>{"ledger", "revenue", "transaction"});
  }
  SECTION("an event without its transaction") {
    force("DELETE FROM ledger_lines");
    force("DELETE FROM ledger_transactions");
    CHECK(found() == std::set<std::string>{"event", "revenue", "wallet"});
  }
  SECTION("a transaction without its event") {
    force("DELETE FROM usage_events");
    CHECK(found() == std::set<std::string>{"event", "revenue"});
  }
}

}  // namespace sluice::billing
