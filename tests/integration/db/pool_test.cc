#include "controlplane/db/pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "controlplane/db/transaction.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_server.h"

using namespace sluice;
using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::PostgresServer;

namespace {

db::PoolOptions options(const std::string& conninfo, std::size_t size) {
  return {.conninfo = Secret(conninfo), .size = size, .acquire_limit = kGenerous};
}

Result<std::int64_t> count_rows(db::Pool& pool) {
  return db::in_transaction(pool, [](db::Transaction& tx) -> Result<std::int64_t> {
    auto rows = tx.exec("SELECT count(*) AS n FROM t");
    if (!rows) return std::unexpected(rows.error());
    return rows->front().get<std::int64_t>("n");
  });
}

Result<int> insert(db::Pool& pool, int id, std::atomic<int>* runs = nullptr) {
  return db::in_transaction(pool, [&](db::Transaction& tx) -> Result<int> {
    if (runs != nullptr) ++*runs;
    auto rows = tx.exec("INSERT INTO t VALUES ($1)", id);
    if (!rows) return std::unexpected(rows.error());
    return id;
  });
}

}  // namespace

TEST_CASE("a pool hands out at most its size and reuses connections") {
  db::Pool pool(options(PostgresServer::shared().fresh_database(), 2));
  {
    auto a = pool.acquire();
    auto b = pool.acquire();
    REQUIRE(a);
    REQUIRE(b);
    auto c = pool.acquire(std::chrono::milliseconds(20));
    REQUIRE_FALSE(c);
    CHECK(c.error().code == ErrorCode::kResourceExhausted);
    CHECK(pool.stats().in_use == 2);
    CHECK(pool.stats().timeouts == 1);
  }
  auto again = pool.acquire();
  REQUIRE(again);
  CHECK(pool.stats().opened == 2);
  CHECK(pool.stats().idle == 1);
}

TEST_CASE("whoever waits gets the connection that comes back") {
  db::Pool pool(options(PostgresServer::shared().fresh_database(), 1));
  auto held = std::make_unique<Result<db::Pool::Lease>>(pool.acquire());
  std::atomic<bool> served = false;
  std::jthread waiter([&] { served = pool.acquire().has_value(); });
  REQUIRE(eventually(kGenerous, [&] { return pool.stats().waiting == 1; }));
  held.reset();
  CHECK(eventually(kGenerous, [&] { return served.load(); }));
}

TEST_CASE("a transaction left open is rolled back on return") {
  db::Pool pool(options(PostgresServer::shared().fresh_database(), 1));
  {
    auto lease = pool.acquire();
    REQUIRE((*lease)->exec_script("CREATE TABLE t (id int)"));
    REQUIRE((*lease)->exec_script("BEGIN"));
    REQUIRE((*lease)->exec("INSERT INTO t VALUES (1)"));
  }
  CHECK(count_rows(pool) == 0);
}

TEST_CASE("a transaction whose error was overlooked does not claim to be committed") {
  db::Pool pool(options(PostgresServer::shared().fresh_database(), 1));
  auto result = db::in_transaction(pool, [](db::Transaction& tx) -> Result<int> {
    (void)tx.exec("CREATE TABLE t (id int)");
    (void)tx.exec("SELECT nonsense");
    return 1;
  });
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::kFailedPrecondition);
  auto lease = pool.acquire();
  REQUIRE(lease);
  CHECK_FALSE((*lease)->exec("SELECT * FROM t"));
}

TEST_CASE("serialization failures are tried again") {
  db::Pool pool(options(PostgresServer::shared().fresh_database(), 4));
  {
    auto lease = pool.acquire();
    REQUIRE((*lease)->exec_script("CREATE TABLE t (n bigint); INSERT INTO t VALUES (0)"));
  }
  std::atomic<int> runs = 0;
  const auto increment = [&]() -> Result<int> {
    return db::in_transaction(pool,
                              [&](db::Transaction& tx) -> Result<int> {
                                auto rows = tx.exec("SELECT n FROM t");
                                if (!rows) return std::unexpected(rows.error());
                                // The first run of each of the two meets the other here, so that one must fail.
                                ++runs;
                                (void)eventually(kGenerous, [&] { return runs >= 2; });
                                auto done = tx.exec("UPDATE t SET n = $1", rows->front().get<std::int64_t>("n") + 1);
                                if (!done) return std::unexpected(done.error());
                                return 0;
                              },
                              {.isolation = db::Isolation::kRepeatableRead});
  };
  Result<int> other;
  {
    std::jthread thread([&] { other = increment(); });
    CHECK(increment());
  }
  CHECK(other);
  CHECK(runs == 3);
  auto lease = pool.acquire();
  auto rows = (*lease)->exec("SELECT n FROM t");
  REQUIRE(rows);
  CHECK(rows->front().get<std::int64_t>("n") == 2);
}

TEST_CASE("a pool survives a crash and a restart of PostgreSQL") {
  PostgresServer server;
  db::Pool pool(options(server.fresh_database(), 3));
  {
    auto lease = pool.acquire();
    REQUIRE((*lease)->exec_script("CREATE TABLE t (id int PRIMARY KEY)"));
    auto second = pool.acquire();
    auto third = pool.acquire();
  }
  REQUIRE(insert(pool, 1));

  SECTION("idle connections were lost") {
    server.kill9();
    server.restart();
    std::atomic<int> runs = 0;
    CHECK(insert(pool, 2, &runs));
    CHECK(count_rows(pool) == 2);
    CHECK(pool.stats().dropped_broken >= 1);
  }
  SECTION("the crash hits the middle of a transaction, which runs again from the start") {
    int runs = 0;
    auto result = db::in_transaction(pool, [&](db::Transaction& tx) -> Result<int> {
      auto rows = tx.exec("INSERT INTO t VALUES (2)");
      if (!rows) return std::unexpected(rows.error());
      if (++runs == 1) {
        server.kill9();
        server.restart();
      }
      auto more = tx.exec("INSERT INTO t VALUES (3)");
      if (!more) return std::unexpected(more.error());
      return runs;
    });
    CHECK(result == 2);
    CHECK(count_rows(pool) == 3);
  }
  SECTION("an orderly restart hits the middle of a transaction") {
    int runs = 0;
    auto result = db::in_transaction(pool, [&](db::Transaction& tx) -> Result<int> {
      if (++runs == 1) server.restart();
      auto rows = tx.exec("INSERT INTO t VALUES (2)");
      if (!rows) return std::unexpected(rows.error());
      return runs;
    });
    CHECK(result == 2);
    CHECK(count_rows(pool) == 2);
  }
  SECTION("the crash hits just before the commit, whose outcome is then unknown") {
    auto result = db::in_transaction(pool, [&](db::Transaction& tx) -> Result<int> {
      auto rows = tx.exec("INSERT INTO t VALUES (2)");
      if (!rows) return std::unexpected(rows.error());
      server.kill9();
      return 1;
    });
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::kUnavailable);
    server.restart();
    CHECK(count_rows(pool) == 1);
  }
  SECTION("while it is away, callers are told so within their limit, and helped when it is back") {
    server.kill9();
    {
      auto lease = pool.acquire(std::chrono::milliseconds(50));
      REQUIRE_FALSE(lease);
      CHECK(lease.error().code == ErrorCode::kUnavailable);
      CHECK(pool.stats().in_use == 0);
    }
    Result<int> late;
    {
      std::jthread waiter([&] { late = insert(pool, 3); });
      REQUIRE(eventually(kGenerous, [&] { return pool.stats().in_use == 1; }));
      server.restart();
    }
    CHECK(late == 3);
  }
}
