#include "tests/support/postgres_server.h"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace sluice::testing;

TEST_CASE("databases are separate; a template is prepared once") {
  auto& server = PostgresServer::shared();
  const auto a = server.fresh_database();
  const auto b = server.fresh_database();
  server.run(a, "CREATE TABLE only_in_a (id int)");
  CHECK_THROWS(server.run(b, "SELECT * FROM only_in_a"));
  int prepared = 0;
  const auto prepare = [&](const std::string& conninfo) {
    ++prepared;
    server.run(conninfo, "CREATE TABLE t AS SELECT 5 AS id");
  };
  const auto c = server.fresh_database("five", prepare);
  server.run(c, "DELETE FROM t");
  CHECK(server.run(server.fresh_database("five", prepare), "SELECT id FROM t") == "5");
  CHECK(prepared == 1);
  const auto fail = [](const std::string&) { throw std::runtime_error("cannot prepare"); };
  CHECK_THROWS(server.fresh_database("broken at first", fail));
  CHECK(server.run(server.fresh_database("broken at first", prepare), "SELECT id FROM t") == "5");
}

TEST_CASE("what was committed survives kill -9 and a restart; nothing of the server survives the object") {
  std::string folder;
  {
    PostgresServer server;
    const auto database = server.fresh_database();
    folder = server.run(database, "SHOW data_directory");
    server.run(database, "CREATE TABLE t AS SELECT 5 AS id");
    server.kill9();
    CHECK_THROWS(server.run(database, "SELECT 1"));
    server.restart();
    CHECK(server.run(database, "SELECT id FROM t") == "5");
    server.restart();
    CHECK(server.run(database, "SELECT id FROM t") == "5");
    CHECK(std::filesystem::exists(folder));
  }
  CHECK_FALSE(std::filesystem::exists(folder));
}
