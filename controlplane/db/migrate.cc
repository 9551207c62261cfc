#include "controlplane/db/migrate.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <string>

#include "controlplane/db/transaction.h"

namespace sluice::db {
namespace {

// Any number that nothing else in the database uses for advisory locks.
constexpr std::int64_t kLock = 0x736c'7569'6365;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL, "
    "sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";

Bytes checksum(std::string_view sql) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(sql.data()), sql.size());
  return {std::string(hash.begin(), hash.end())};
}

// How many of `migrations` the database has, if it has exactly the first ones of them.
Result<std::size_t> check_applied(const Rows& applied, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const auto number = applied[i].get<std::int32_t>("number");
    const auto name = applied[i].get<std::string>("name");
    if (i >= migrations.size()) {
      return fail(ErrorCode::kFailedPrecondition,
                  fmt::format("the database has migration {} ({}), which this build does not know: it was used by a "
                              "newer build; start that one",
                              number, name));
    }
    if (number != migrations[i].number) {
      return fail(ErrorCode::kFailedPrecondition,
                  fmt::format("the database lacks migration {} ({}) but has migration {} ({})", migrations[i].number,
                              migrations[i].name, number, name));
    }
    if (applied[i].get<Bytes>("sha256") != checksum(migrations[i].sql)) {
      return fail(ErrorCode::kFailedPrecondition,
                  fmt::format("migration {} ({}) was changed after it had been applied to this database; applied "
                              "migrations never change: put the change into a new one",
                              number, name));
    }
  }
  return applied.size();
}

Result<> check_numbers(std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].number != static_cast<int>(i) + 1) {
      return fail(ErrorCode::kFailedPrecondition,
                  fmt::format("migration {} is missing in this build (found {} instead)", i + 1, migrations[i].number));
    }
  }
  return {};
}

Result<> apply(Connection& connection, const Migration& migration) {
  const auto failed = [&](const Error& cause) {
    return fail(fmt::format("migration {} ({})", migration.number, migration.name), cause);
  };
  auto transaction = Transaction::begin(connection);
  if (!transaction) return failed(transaction.error());
  if (auto done = connection.exec_script(migration.sql); !done) return failed(done.error());
  auto noted = transaction->exec("INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
                                 migration.number, migration.name, checksum(migration.sql));
  if (!noted) return failed(noted.error());
  if (auto done = transaction->commit(); !done) return failed(done.error());
  return {};
}

Result<int> migrate_locked(Connection& connection, std::span<const Migration> migrations) {
  if (auto made = connection.exec_script(kTable); !made) return std::unexpected(made.error());
  auto applied = connection.exec("SELECT number, name, sha256 FROM schema_migrations ORDER BY number");
  if (!applied) return std::unexpected(applied.error());
  auto held = check_applied(*applied, migrations);
  if (!held) return std::unexpected(held.error());
  int count = 0;
  for (const auto& migration : migrations.subspan(*held)) {
    if (auto done = apply(connection, migration); !done) return std::unexpected(done.error());
    ++count;
  }
  return count;
}

}  // namespace

Result<int> migrate(Connection& connection, std::span<const Migration> migrations) {
  if (auto ok = check_numbers(migrations); !ok) return std::unexpected(ok.error());
  // Waiting for another process and building indexes may both take longer than an ordinary statement.
  auto before = connection.exec("SELECT current_setting('statement_timeout') AS value");
  if (!before) return std::unexpected(before.error());
  auto patient = connection.exec("SELECT set_config('statement_timeout', '0', false)");
  if (!patient) return std::unexpected(patient.error());
  auto locked = connection.exec("SELECT pg_advisory_lock($1)", kLock);
  if (!locked) return std::unexpected(locked.error());
  auto done = migrate_locked(connection, migrations);
  (void)connection.exec("SELECT pg_advisory_unlock($1)", kLock);
  (void)connection.exec("SELECT set_config('statement_timeout', $1, false)", before->front().get<std::string>("value"));
  return done;
}

}  // namespace sluice::db
