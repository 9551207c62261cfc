#include "controlplane/db/connection.h"

#include <catch2/catch.hpp>

#include "common/base/uuid.h"
#include "tests/support/postgres_server.h"

using namespace sluice;
using sluice::testing::PostgresServer;

namespace {

db::Connection connect(const db::ConnectOptions& options = {}) {
  auto opened = db::Connection::open(PostgresServer::shared().fresh_database(), options);
  REQUIRE(opened);
  return std::move(*opened);
}

SystemTime some_time() {
  using namespace std::chrono;
  return sys_days(year(2026) / 2 / 28) + 23h + 59min + 58s + microseconds(1'020);
}

}  // namespace

TEST_CASE("values travel to the server and back unchanged") {
  auto connection = connect();
  const Uuid id = Uuid::generate(some_time());
  const db::Bytes bytes{std::string("\0\x01\xff'\\", 5)};
  auto rows = connection.exec(
      "SELECT $1::text AS t, $2::bigint AS i, $3::boolean AS b, $4::timestamptz AS at, $5::uuid AS id, "
      "$6::bytea AS raw, $7::text AS nothing, $8::numeric AS money",
      "O'Neil \"\\ ü", INT64_MIN, true, some_time(), id, bytes, std::optional<std::string>(), "-0.000000001");
  REQUIRE(rows);
  const auto row = rows->front();
  CHECK(row.get<std::string>("t") == "O'Neil \"\\ ü");
  CHECK(row.get<std::int64_t>("i") == INT64_MIN);
  CHECK(row.get<bool>("b"));
  CHECK(row.get<SystemTime>("at") == some_time());
  CHECK(row.get<std::string>("id") == id.to_string());
  CHECK(row.get<db::Bytes>("raw") == bytes);
  CHECK(row.null("nothing"));
  CHECK_FALSE(row.get<std::optional<std::string>>("nothing"));
  CHECK(row.get<std::string>("money") == "-0.000000001");
}

TEST_CASE("arrays travel as parameters for unnest") {
  auto connection = connect();
  const std::vector<std::string> texts = {"", "NULL", "a,b", "{x}", "\"q\" \\ '", "two\nlines"};
  const std::vector<std::int64_t> numbers = {0, -1, INT64_MAX, INT64_MIN, 5, 6};
  const std::vector<db::Bytes> raws = {{""}, {std::string("\0\xff", 2)}, {"\\"}, {"\""}, {"a"}, {"b"}};
  const std::vector<std::optional<SystemTime>> times(6, some_time());
  const std::vector<std::string> sums = {"1.5", "0", "-2", "1e-9", "3", "99999999999999999999"};
  auto rows = connection.exec(
      "SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::numeric[]) "
      "WITH ORDINALITY AS t (text, number, raw, at, sum, n) ORDER BY n",
      texts, numbers, raws, times, sums);
  REQUIRE(rows);
  REQUIRE(rows->size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK((*rows)[i].get<std::string>("text") == texts[i]);
    CHECK((*rows)[i].get<std::int64_t>("number") == numbers[i]);
    CHECK((*rows)[i].get<db::Bytes>("raw") == raws[i]);
    CHECK((*rows)[i].get<SystemTime>("at") == some_time());
  }
  CHECK((*rows)[5].get<std::string>("sum") == sums[5]);
}

TEST_CASE("arrays come back as vectors, empty ones too, and NULL elements go out") {
  auto connection = connect();
  const std::vector<std::string> texts = {"", "NULL", "a,b", "{x}", "\"q\" \\ '"};
  const std::vector<std::optional<std::string>> holes = {"a", std::nullopt};
  auto rows = connection.exec("SELECT $1::text[] AS t, $2::bigint[] AS i, '{}'::text[] AS e, $3::text[] AS h", texts,
                              std::vector<std::int64_t>{1, -2}, holes);
  REQUIRE(rows);
  CHECK(rows->front().get<std::vector<std::string>>("t") == texts);
  CHECK(rows->front().get<std::vector<std::int64_t>>("i") == std::vector<std::int64_t>{1, -2});
  CHECK(rows->front().get<std::vector<std::string>>("e").empty());
  CHECK(rows->front().get<std::string>("h") == "{a,NULL}");
}

TEST_CASE("server errors become error codes") {
  auto connection = connect();
  REQUIRE(
      connection.exec_script("CREATE TABLE p (id int PRIMARY KEY CHECK (id > 0)); "
                             "CREATE TABLE c (id int NOT NULL REFERENCES p); INSERT INTO p VALUES (1)"));
  const auto code = [&](std::string_view sql) {
    auto rows = connection.exec(sql);
    return rows ? std::optional<ErrorCode>() : rows.error().code;
  };
  CHECK(code("INSERT INTO p VALUES (1)") == ErrorCode::kAlreadyExists);
  CHECK(connection.sqlstate() == "23505");
  CHECK(code("INSERT INTO c VALUES (7)") == ErrorCode::kFailedPrecondition);
  CHECK(code("INSERT INTO p VALUES (-1)") == ErrorCode::kInvalidArgument);
  CHECK(code("INSERT INTO c VALUES (NULL)") == ErrorCode::kInvalidArgument);
  CHECK(code("SELECT 'x'::uuid") == ErrorCode::kInvalidArgument);
  CHECK(code("SELECT nonsense") == ErrorCode::kInternal);
  CHECK(code("SELECT 1") == std::nullopt);
  CHECK(connection.sqlstate().empty());
  auto duplicate = connection.exec("INSERT INTO p VALUES (1)");
  REQUIRE_FALSE(duplicate);
  CHECK(duplicate.error().message.find("p_pkey") != std::string::npos);
}

TEST_CASE("text with a NUL or broken UTF-8 is refused instead of cut or kept") {
  auto connection = connect();
  for (const auto& text : {std::string("a\0b", 3), std::string("a\xff")}) {
    auto rows = connection.exec("SELECT $1::text", text);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::kInvalidArgument);
  }
}

static_assert(!std::is_convertible_v<double, db::Param>);
static_assert(!std::is_convertible_v<const int*, db::Param>);

TEST_CASE("a statement is prepared once; one name has one text") {
  auto connection = connect();
  constexpr db::Statement kAdd{"add", "SELECT $1::int + 1 AS sum"};
  for (int i = 0; i < 3; ++i) {
    auto rows = connection.exec(kAdd, i);
    REQUIRE(rows);
    CHECK(rows->front().get<std::int32_t>("sum") == i + 1);
  }
  auto prepared = connection.exec("SELECT count(*) AS n FROM pg_prepared_statements WHERE name = 'add'");
  REQUIRE(prepared);
  CHECK(prepared->front().get<std::int64_t>("n") == 1);
  CHECK_FALSE(connection.exec(db::Statement{"add", "SELECT 2"}));
}

TEST_CASE("a statement that takes too long is stopped") {
  auto connection = connect({.statement_timeout = std::chrono::milliseconds(50)});
  auto rows = connection.exec("SELECT pg_sleep(600)");
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::kDeadlineExceeded);
  CHECK(connection.healthy());
}

TEST_CASE("a connection string that does not parse is not repeated in the error") {
  auto opened = db::Connection::open("host=/nowhere password=hunter2 hunter3");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kInvalidArgument);
  CHECK(opened.error().message.find("hunter") == std::string::npos);
  auto away = db::Connection::open("host=/nowhere password=hunter2");
  REQUIRE_FALSE(away);
  CHECK(away.error().code == ErrorCode::kUnavailable);
  CHECK(away.error().message.find("hunter") == std::string::npos);
}
