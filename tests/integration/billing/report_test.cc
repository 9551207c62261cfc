// The whole way: Journal, Uploader, gRPC, UsageServiceImpl, PostgreSQL.
#include <thread>

#include "tests/integration/billing/reporting.h"
#include "tests/support/eventually.h"

namespace sluice::billing {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::TempDir;
using testing::Books;
using testing::cost_of;
using testing::event_for;
using testing::open_journal;
using testing::options;
using testing::serve;
using testing::Server;
using usage::Journal;
using usage::Uploader;

TEST_CASE("finished events reach the books and leave the journal") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  const std::int64_t before = serve(*journal, user, 30);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t after = serve(*journal, user, 200);
  REQUIRE(uploader.flush(kGenerous));
  CHECK(journal->stats().records == 0);
  CHECK(books.events() == 230);
  CHECK(books.balance_of(user).nano_usd == -(before + after));
  REQUIRE(eventually(kGenerous, [&] { return uploader.stats().in_flight == 0; }));
  CHECK(uploader.stats().connected);
  CHECK(uploader.stats().acknowledged == 230);
  CHECK(uploader.stats().last_error.empty());
  CHECK(books.drift().empty());
}

TEST_CASE("a control plane that is stopped again and again gets every event once") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir, 100);
  Uploader uploader(*journal, server.channel(), options());
  std::atomic<bool> stop{false};
  std::int64_t cost = 0;
  std::int64_t served = 0;
  std::thread traffic([&] {
    while (!stop) {
      cost += serve(*journal, user, 40);
      served += 40;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int round = 0; round < 5; ++round) {
    const auto before = uploader.stats().acknowledged;
    REQUIRE(eventually(kGenerous, [&] { return uploader.stats().acknowledged > before; }));
    round % 2 == 0 ? server.stop() : server.stop_gently();
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 20));
    server.start();
  }
  stop = true;
  traffic.join();
  REQUIRE(uploader.flush(kGenerous));
  CHECK(journal->stats().records == 0);
  CHECK(uploader.stats().reconnects >= 1);
  CHECK(books.events() == served);
  CHECK(books.balance_of(user).nano_usd == -cost);
  CHECK(books.drift().empty());
}

TEST_CASE("a stopping control plane ends the stream of an idle node") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t before = serve(*journal, user, 5);
  REQUIRE(uploader.flush(kGenerous));
  REQUIRE(uploader.stats().connected);
  server.stop_gently();
  const std::int64_t after = serve(*journal, user, 5);
  server.start();
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 10);
  CHECK(books.balance_of(user).nano_usd == -(before + after));
}

TEST_CASE("a node that is started again reports what an earlier process left, the crashed request too") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  std::int64_t cost = 0;
  {
    auto journal = open_journal(dir);
    cost = serve(*journal, user, 10);
    auto crashed = event_for(user, 9);
    REQUIRE(journal->intent(crashed).has_value());
    REQUIRE(journal->progress(crashed).has_value());
    cost += crashed.cost_nano_usd();
  }
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 11);
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE outcome = 5 AND usage_state = 2") == 1);
  CHECK(books.balance_of(user).nano_usd == -cost);
}

TEST_CASE("more finished events than the queue holds are read from disk") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir, 10);
  Uploader uploader(*journal, server.channel(), options());
  const std::int64_t cost = serve(*journal, user, 1'000);
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 1'000);
  CHECK(books.balance_of(user).nano_usd == -cost);
  CHECK(journal->stats().records == 0);
  CHECK(journal->stats().finished == 0);
}

TEST_CASE("large events are sent in messages that gRPC takes") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  for (int i = 0; i < 20; ++i) {
    auto event = event_for(user, 1);
    event.set_raw_usage(std::string(i == 7 ? 5'000'000 : 600'000, 'u'));
    REQUIRE(journal->final(event).has_value());
  }
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 20);
  CHECK(books.number("SELECT count(*) AS n FROM usage_events WHERE length(raw_usage) = 600000") == 19);
}

TEST_CASE("a wrong node token stores nothing and loses nothing") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  static_cast<void>(serve(*journal, user, 3));
  for (const std::string_view token : {"a-node-tokem", "", "a-node-token2"}) {
    Uploader uploader(*journal, server.channel(), options(token));
    REQUIRE(eventually(kGenerous, [&] { return uploader.stats().last_error == "unknown node token"; }));
    CHECK_FALSE(uploader.stats().connected);
  }
  CHECK(books.events() == 0);
  CHECK(journal->stats().finished == 3);
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(uploader.flush(kGenerous));
  CHECK(books.events() == 3);
}

TEST_CASE("events that are quarantined are acknowledged") {
  Books books;
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  Uploader uploader(*journal, server.channel(), options());
  static_cast<void>(serve(*journal, testing::new_id(), 3));
  REQUIRE(uploader.flush(kGenerous));
  CHECK(uploader.stats().quarantined == 3);
  CHECK(books.events() == 0);
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarantine") == 3);
}

}  // namespace sluice::billing
