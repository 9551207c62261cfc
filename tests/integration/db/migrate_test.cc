#include "controlplane/db/migrate.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/postgres_server.h"

using namespace sluice;
using sluice::testing::PostgresServer;

namespace {

constexpr std::array kThree = {db::Migration{1, "one", "CREATE TABLE one (id int); INSERT INTO one VALUES (1)"},
                               db::Migration{2, "two", "CREATE TABLE two (id int)"},
                               db::Migration{3, "three", "INSERT INTO one VALUES (3)"}};

db::Connection open(const std::string& conninfo) {
  auto opened = db::Connection::open(conninfo);
  REQUIRE(opened);
  return std::move(*opened);
}

std::span<const db::Migration> first(std::size_t count) {
  return std::span(kThree).first(count);
}

std::string refusal(db::Connection& connection, std::span<const db::Migration> migrations) {
  auto done = db::migrate(connection, migrations);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::kFailedPrecondition);
  return done.error().message;
}

}  // namespace

TEST_CASE("the build's own migrations apply, and apply only once") {
  auto connection = open(PostgresServer::shared().fresh_database());
  auto done = db::migrate(connection);
  if (!done) FAIL(done.error().message);
  CHECK(*done == static_cast<int>(db::embedded_migrations().size()));
  CHECK(*done >= 1);
  CHECK(db::migrate(connection) == 0);
  auto rows = connection.exec("SELECT epoch, number FROM config_version");
  REQUIRE(rows);
  CHECK(rows->front().get<std::int64_t>("number") == 0);
}

TEST_CASE("only what is missing is applied") {
  auto connection = open(PostgresServer::shared().fresh_database());
  CHECK(db::migrate(connection, first(1)) == 1);
  CHECK(db::migrate(connection, first(3)) == 2);
  auto rows = connection.exec("SELECT count(*) AS n FROM one");
  REQUIRE(rows);
  CHECK(rows->front().get<std::int64_t>("n") == 2);
}

TEST_CASE("a migration that was changed after use is refused") {
  auto connection = open(PostgresServer::shared().fresh_database());
  REQUIRE(db::migrate(connection, first(3)));
  auto changed = kThree;
  changed[1].sql = "CREATE TABLE two (id bigint)";
  CHECK(refusal(connection, changed).find("migration 2 (two) was changed") != std::string::npos);
}

TEST_CASE("a database of a newer build is refused") {
  auto connection = open(PostgresServer::shared().fresh_database());
  REQUIRE(db::migrate(connection, first(3)));
  CHECK(refusal(connection, first(2)).find("migration 3 (three), which this build does not know") != std::string::npos);
}

TEST_CASE("gaps are refused, in the build and in the database") {
  auto connection = open(PostgresServer::shared().fresh_database());
  const std::array gap = {kThree[0], kThree[2]};
  CHECK(refusal(connection, gap).find("migration 2 is missing") != std::string::npos);
  REQUIRE(db::migrate(connection, first(3)));
  REQUIRE(connection.exec("DELETE FROM schema_migrations WHERE number = 2"));
  CHECK(refusal(connection, first(3)).find("lacks migration 2") != std::string::npos);
}

TEST_CASE("a migration that fails leaves nothing behind and names itself") {
  auto connection = open(PostgresServer::shared().fresh_database());
  auto broken = kThree;
  broken[1].sql = "CREATE TABLE two (id int); SELECT nonsense";
  auto done = db::migrate(connection, broken);
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("migration 2 (two)") != std::string::npos);
  CHECK(db::migrate(connection, first(3)) == 2);
}

TEST_CASE("processes that start at the same moment migrate once") {
  const auto conninfo = PostgresServer::shared().fresh_database();
  constexpr int kRunners = 4;
  std::array<Result<int>, kRunners> results;
  {
    std::vector<std::jthread> runners;
    for (auto& result : results) {
      runners.emplace_back([&result, &conninfo] {
        auto connection = db::Connection::open(conninfo);
        result = connection ? db::migrate(*connection) : std::unexpected(connection.error());
      });
    }
  }
  int applied = 0;
  for (const auto& result : results) {
    REQUIRE(result);
    applied += *result;
  }
  CHECK(applied == static_cast<int>(db::embedded_migrations().size()));
}
