// From whatever earlier version a database comes, with rows in it, it ends as one that was made today.
#include <catch2/catch.hpp>
#include <string>

#include "controlplane/db/migrate.h"
#include "tests/support/postgres_server.h"

namespace sluice::testing {

namespace {

// Every column, constraint, index, trigger and function, in an order of their own.
constexpr const char* kShape = R"(
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
  SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT format('function %s %s', proname, md5(prosrc))
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS lines)";

// Rows of the first version's tables, as the first builds wrote them.
constexpr const char* kRows = R"(
INSERT INTO users (id, email, role, status, concurrency, multiplier_ppm)
  VALUES ('01900000-0000-7000-8000-000000000001', 'old@example.com', 'admin', 'active', 3, 1000000);
INSERT INTO groups (id, name, status, multiplier_ppm, interruption_policy)
  VALUES ('01900000-0000-7000-8000-000000000002', 'old', 'active', 1000000, 'drain');
INSERT INTO accounts (id, name, provider, base_url, priority, concurrency, status)
  VALUES ('01900000-0000-7000-8000-000000000003', 'old', 'anthropic', 'https://api.example.com', 1, 5, 'active');
INSERT INTO account_groups VALUES ('01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000002');
INSERT INTO api_keys (id, user_id, group_id, public_id, last4, key_hmac, pepper_version, status)
  VALUES ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001',
          '01900000-0000-7000-8000-000000000002', 'p', 'abcd', sha256('k'), 1, 'active');
INSERT INTO prices (id, model, provider, effective_at, input, output, cache_read, cache_write_5m, cache_write_1h,
                    per_request, status)
  VALUES ('01900000-0000-7000-8000-000000000005', 'm', 'anthropic', now(), 3, 15, 1, 1, 1, 0, 'active');
INSERT INTO admin_tokens (id, user_id, token_hash, last4)
  VALUES ('01900000-0000-7000-8000-000000000006', '01900000-0000-7000-8000-000000000001', sha256('t'), 'abcd'))";

db::Connection open(const std::string& conninfo) {
  auto opened = db::Connection::open(conninfo);
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("from every earlier version, with rows in it, the schema becomes that of today") {
  PostgresServer& postgres = PostgresServer::shared();
  const auto all = db::embedded_migrations();
  const std::string today = postgres.fresh_database();
  {
    auto connection = open(today);
    REQUIRE(db::migrate(connection, all));
  }
  const std::string wanted = postgres.run(today, kShape);
  REQUIRE(wanted.size() > 1'000);
  for (std::size_t count = 1; count < all.size(); ++count) {
    INFO("from version " << count);
    const std::string old = postgres.fresh_database();
    auto connection = open(old);
    REQUIRE(db::migrate(connection, all.first(count)) == static_cast<int>(count));
    (void)postgres.run(old, kRows);
    const auto done = db::migrate(connection, all);
    INFO((done ? "" : done.error().message));
    CHECK(done == static_cast<int>(all.size() - count));
    CHECK(postgres.run(old, kShape) == wanted);
    CHECK(postgres.run(
              old, "SELECT count(*) FROM api_keys k JOIN users u ON u.id = k.user_id WHERE u.role = 'admin'") == "1");
  }
}

}  // namespace sluice::testing
