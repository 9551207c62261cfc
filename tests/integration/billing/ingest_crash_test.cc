#include <thread>

#include "tests/integration/billing/books.h"
#include "tests/support/postgres_server.h"

namespace sluice::billing {

using testing::batch_of;
using testing::Books;
using testing::cost_of;
using testing::event_for;

// Two nodes resend until acknowledged, as the Uploader does, while the server is killed again and again.
TEST_CASE("kill -9 of PostgreSQL in mid-load: every event once") {
  sluice::testing::PostgresServer server;
  Books books(sluice::testing::migrated_database(server));
  const std::vector<std::string> users = {books.add_user(), books.add_user()};
  std::atomic<int> batches{0};
  std::atomic<std::int64_t> expected{0};
  std::atomic<std::int64_t> sent{0};
  std::atomic<bool> stop{false};
  const auto node = [&](const std::string& name) {
    std::int64_t n = 1;
    while (!stop) {
      std::vector<usage::v1::UsageEvent> events;
      for (int i = 0; i < 50; ++i) {
        events.push_back(event_for(users[static_cast<std::size_t>(i % 2)], n % 1000));
        expected += cost_of(n++ % 1000);
      }
      sent += 50;
      while (!books.ingest().store(name, batch_of(events))) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      ++batches;
    }
  };
  std::thread first(node, "node-1");
  std::thread second(node, "node-2");
  for (int round = 0; round < 3; ++round) {
    const int before = batches;
    while (batches < before + 5)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    server.kill9();
    server.restart();
  }
  stop = true;
  first.join();
  second.join();
  CHECK(books.events() == sent);
  CHECK(books.number("SELECT -sum(balance_nano_usd)::bigint AS n FROM wallets") == expected);
  CHECK(books.number("SELECT count(*) AS n FROM usage_quarantine") == 0);
  CHECK(books.drift().empty());
}

}  // namespace sluice::billing
