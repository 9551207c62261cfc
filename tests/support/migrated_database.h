// A new database with all migrations applied, from the test process's shared server. Include it only where
// sluice_cp_db is linked. Throws std::runtime_error if a migration fails.
#pragma once

#include <stdexcept>
#include <string>

#include "controlplane/db/connection.h"
#include "controlplane/db/migrate.h"
#include "tests/support/postgres_server.h"

namespace sluice::testing {

inline void migrate_or_throw(const std::string& conninfo) {
  auto connection = db::Connection::open(conninfo);
  if (!connection) throw std::runtime_error(connection.error().message);
  if (auto done = db::migrate(*connection); !done) throw std::runtime_error(done.error().message);
}

[[nodiscard]] inline std::string migrated_database(PostgresServer& server = PostgresServer::shared()) {
  return server.fresh_database("migrated", migrate_or_throw);
}

}  // namespace sluice::testing
