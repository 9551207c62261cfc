#include "controlplane/store/settings.h"

#include "controlplane/store/change_log.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_SETTINGS_COLUMNS "max_body_bytes, keepalive_seconds, default_user_concurrency, revision, updated_at"

Settings read_settings(const db::Row& row) {
  return {.max_body_bytes = row.get<std::int64_t>("max_body_bytes"),
          .keepalive_seconds = row.get<std::int32_t>("keepalive_seconds"),
          .default_user_concurrency = row.get<std::int32_t>("default_user_concurrency"),
          .revision = row.get<std::int64_t>("revision"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

}  // namespace

Result<Settings> get_settings(db::Transaction& tx) {
  return one(tx.exec("SELECT " SLUICE_SETTINGS_COLUMNS " FROM settings"), read_settings,
             [] { return fail(ErrorCode::kDataLoss, "the row of settings is gone"); });
}

Result<Settings> update_settings(db::Transaction& tx, const Settings& settings) {
  auto rows = tx.exec(
      "UPDATE settings SET max_body_bytes = $2, keepalive_seconds = $3, default_user_concurrency = $4, "
      "revision = revision + 1, updated_at = now() WHERE revision = $1 RETURNING " SLUICE_SETTINGS_COLUMNS,
      settings.revision, settings.max_body_bytes, settings.keepalive_seconds, settings.default_user_concurrency);
  auto updated = one(rows, read_settings, [] {
    return fail(ErrorCode::kFailedPrecondition, "the settings were changed meanwhile: read them again");
  });
  if (!updated) return updated;
  auto recorded =
      record_change(tx, config::v1::KIND_SETTINGS, kSettingsId, updated->revision, config::v1::STATE_ACTIVE);
  if (!recorded) return std::unexpected(recorded.error());
  return updated;
}

}  // namespace sluice::store
