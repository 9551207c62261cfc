// Brings a database to the schema of this build. Called once at start, before anything else uses the database; several
// processes may call it at the same time. Migrations are the files controlplane/db/migrations/NNNN_name.sql, compiled
// in.
#pragma once

#include <span>
#include <string_view>

#include "common/base/status.h"
#include "controlplane/db/connection.h"

namespace sluice::db {

struct Migration {
  int number;  // 1, 2, 3, ...
  std::string_view name;
  std::string_view sql;
};

// Those of this build, by number.
[[nodiscard]] std::span<const Migration> embedded_migrations();

// Applies what is missing, each file in one transaction, and returns how many were applied. Refuses
// (kFailedPrecondition) if an applied file was changed since, if the list has a gap, or if the database is newer than
// this build.
[[nodiscard]] Result<int> migrate(Connection& connection,
                                  std::span<const Migration> migrations = embedded_migrations());

}  // namespace sluice::db
