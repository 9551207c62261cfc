#include "controlplane/db/listener.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/postgres_server.h"

using namespace sluice;
using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::PostgresServer;

TEST_CASE("a listener wakes for a notification, and only then") {
  const auto conninfo = PostgresServer::shared().fresh_database();
  db::Listener listener(Secret(conninfo), {"one", "Odd \"name\""});
  CHECK(listener.wait(kGenerous) == db::Wake::kConnected);
  CHECK(listener.wait(std::chrono::milliseconds(1)) == db::Wake::kTimeout);
  auto sender = db::Connection::open(conninfo);
  REQUIRE(sender);
  REQUIRE(sender->exec("SELECT pg_notify('other', '')"));
  CHECK(listener.wait(std::chrono::milliseconds(50)) == db::Wake::kTimeout);
  REQUIRE(sender->exec("SELECT pg_notify($1, '')", "Odd \"name\""));
  CHECK(listener.wait(kGenerous) == db::Wake::kNotified);

  std::atomic<bool> woken = false;
  std::jthread waiter([&] { woken = listener.wait(kGenerous) == db::Wake::kNotified; });
  REQUIRE(sender->exec_script("BEGIN; NOTIFY one; COMMIT"));
  CHECK(eventually(kGenerous, [&] { return woken.load(); }));
}

TEST_CASE("a listener can be interrupted from another thread") {
  db::Listener listener(Secret(PostgresServer::shared().fresh_database()), {"one"});
  REQUIRE(listener.wait(kGenerous) == db::Wake::kConnected);
  std::atomic<bool> interrupted = false;
  std::jthread waiter([&] { interrupted = listener.wait(std::chrono::hours(1)) == db::Wake::kInterrupted; });
  listener.interrupt();
  CHECK(eventually(kGenerous, [&] { return interrupted.load(); }));
}

TEST_CASE("a listener reconnects after a crash of PostgreSQL and says so") {
  PostgresServer server;
  const auto conninfo = server.fresh_database();
  db::Listener listener(Secret(conninfo), {"one"});
  REQUIRE(listener.wait(kGenerous) == db::Wake::kConnected);
  server.kill9();
  CHECK(listener.wait(std::chrono::milliseconds(200)) == db::Wake::kTimeout);
  CHECK_FALSE(listener.connected());
  REQUIRE(listener.error());
  CHECK(listener.error()->code == ErrorCode::kUnavailable);
  server.restart();
  REQUIRE(eventually(kGenerous, [&] { return listener.wait(kGenerous) == db::Wake::kConnected; }));
  CHECK_FALSE(listener.error());
  auto sender = db::Connection::open(conninfo);
  REQUIRE(sender);
  REQUIRE(sender->exec("SELECT pg_notify('one', '')"));
  CHECK(listener.wait(kGenerous) == db::Wake::kNotified);
}
