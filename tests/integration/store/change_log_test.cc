#include "controlplane/store/change_log.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "controlplane/db/listener.h"
#include "tests/integration/store/fixture.h"

using namespace sluice;
using namespace sluice::store;
using sluice::testing::eventually;
using sluice::testing::kGenerous;

TEST_CASE("numbers are gapless and in commit order under concurrent writers") {
  Database database;
  constexpr int kWriters = 8;
  constexpr int kEach = 25;
  std::vector<User> users;
  for (int i = 0; i < kWriters; ++i)
    users.push_back(database.add_user());
  const auto start = database.version();

  // A reader that follows the log: a number that became visible later than a higher one would be missed for good.
  std::atomic<bool> stop = false;
  std::vector<Change> followed;
  std::int64_t at = start.number;
  const auto follow = [&] {
    auto found = db::in_transaction(database.pool, [&](db::Transaction& tx) { return changes_since(tx, at, 7); });
    if (!found || !found->complete) return;
    for (const auto& change : found->rows)
      followed.push_back(change);
    if (!found->rows.empty()) at = found->rows.back().number;
  };
  std::atomic<int> failures = 0;
  {
    std::jthread reader([&] {
      while (!stop)
        follow();
    });
    {
      std::vector<std::jthread> writers;
      for (const auto& user : users) {
        writers.emplace_back([&] {
          for (int i = 0; i < kEach; ++i) {
            auto done = db::in_transaction(database.pool, [&](db::Transaction& tx) -> Result<std::int64_t> {
              auto touched = touch_user(tx, user.id);
              // Every fifth one is given up after it took its number, which must then be taken by another.
              if (touched && i % 5 == 4) return fail(ErrorCode::kCancelled, "given up");
              return touched;
            });
            if (done.has_value() == (i % 5 == 4)) ++failures;
          }
        });
      }
    }
    stop = true;
  }
  follow();
  while (at < database.version().number)
    follow();

  constexpr std::int64_t kCommitted = kWriters * kEach * 4 / 5;
  CHECK(failures == 0);
  CHECK(database.version().number == start.number + kCommitted);
  REQUIRE(followed.size() == static_cast<std::size_t>(kCommitted));
  std::map<std::string, std::int64_t> revisions;
  for (std::size_t i = 0; i < followed.size(); ++i) {
    CHECK(followed[i].number == start.number + static_cast<std::int64_t>(i) + 1);
    CHECK(followed[i].revision > revisions[followed[i].object_id]);
    revisions[followed[i].object_id] = followed[i].revision;
  }
  CHECK(revisions.size() == users.size());
}

TEST_CASE("a commit wakes the listener; a rollback leaves no trace") {
  Database database;
  const auto user = database.add_user();
  const auto before = database.version();
  db::Listener listener(Secret(database.conninfo), {std::string(kConfigChannel)});
  REQUIRE(listener.wait(kGenerous) == db::Wake::kConnected);
  CHECK(database.refused([&](db::Transaction& tx) -> Result<int> {
    auto touched = touch_user(tx, user.id);
    REQUIRE(touched);
    return fail(ErrorCode::kCancelled, "changed my mind");
  }) == ErrorCode::kCancelled);
  CHECK(database.version() == before);
  CHECK(listener.wait(std::chrono::milliseconds(50)) == db::Wake::kTimeout);

  database.must([&](db::Transaction& tx) { return touch_user(tx, user.id); });
  CHECK(listener.wait(kGenerous) == db::Wake::kNotified);
  CHECK(database.version().number == before.number + 1);
}

TEST_CASE("reading resumes after any number and is limited") {
  Database database;
  const auto user = database.add_user();
  for (int i = 0; i < 4; ++i)
    database.must([&](db::Transaction& tx) { return touch_user(tx, user.id); });
  const auto since = [&](std::int64_t number, int limit) {
    return database.must([&](db::Transaction& tx) { return changes_since(tx, number, limit); });
  };
  CHECK(since(0, 100).rows.size() == 5);
  CHECK(since(2, 2).rows.size() == 2);
  CHECK(since(2, 2).rows.front().number == 3);
  CHECK(since(5, 100).complete);
  CHECK(since(5, 100).rows.empty());
  CHECK_FALSE(since(6, 100).complete);
}

TEST_CASE("an empty log is complete from zero on") {
  Database database;
  auto found = database.must([](db::Transaction& tx) { return changes_since(tx, 0, 10); });
  CHECK(found.complete);
  CHECK(found.rows.empty());
}

TEST_CASE("trimming keeps the newest and makes older readers take a snapshot") {
  Database database;
  const auto user = database.add_user();
  for (int i = 0; i < 9; ++i)
    database.must([&](db::Transaction& tx) { return touch_user(tx, user.id); });
  const auto trim = [&](std::int64_t keep, SystemTime before) {
    return database.must([&](db::Transaction& tx) { return trim_change_log(tx, keep, before); });
  };
  const auto complete = [&](std::int64_t number) {
    return database.must([&](db::Transaction& tx) { return changes_since(tx, number, 100); }).complete;
  };
  const auto now = RealClock().now();
  CHECK(trim(4, now - std::chrono::hours(1)) == 0);
  CHECK(complete(0));
  CHECK(trim(4, now + std::chrono::hours(1)) == 6);
  CHECK_FALSE(complete(5));
  CHECK(complete(6));
  CHECK(database.changes(6).size() == 4);
  CHECK(trim(0, now + std::chrono::hours(1)) == 4);
  CHECK_FALSE(complete(9));
  CHECK(complete(10));
}

TEST_CASE("a new epoch keeps the number") {
  Database database;
  database.add_user();
  const auto before = database.version();
  database.must([](db::Transaction& tx) -> Result<int> {
    auto done = start_new_epoch(tx);
    if (!done) return std::unexpected(done.error());
    return 0;
  });
  CHECK(database.version().epoch != before.epoch);
  CHECK(database.version().number == before.number);
}
