#include "controlplane/usage/retention.h"

#include "controlplane/store/row_access.h"

namespace sluice::usage {

namespace {

Retention read_row(const db::Row& row) {
  return {.days = row.get<std::int32_t>("days_days"),
          .events = row.get<std::int32_t>("events_days"),
          .quarantine = row.get<std::int32_t>("quarantine_days"),
          .revision = row.get<std::int64_t>("revision"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

#define SLUICE_RETENTION_COLUMNS "days_days, events_days, quarantine_days, revision, updated_at"

}  // namespace

Result<Retention> get_retention(db::Transaction& tx) {
  return store::one(tx.exec("SELECT " SLUICE_RETENTION_COLUMNS " FROM usage_retention"), read_row,
                    [] { return store::not_found("settings", "usage retention"); });
}

Result<Retention> update_retention(db::Transaction& tx, const Retention& retention) {
  const auto rows = tx.exec(
      "UPDATE usage_retention SET days_days = $2, events_days = $3, quarantine_days = $4, revision = revision + 1, "
      "updated_at = now() WHERE revision = $1 RETURNING " SLUICE_RETENTION_COLUMNS,
      retention.revision, retention.days, retention.events, retention.quarantine);
  return store::one(rows, read_row, [] {
    return fail(ErrorCode::kFailedPrecondition, "how long usage is kept was changed meanwhile: read it again");
  });
}

}  // namespace sluice::usage
