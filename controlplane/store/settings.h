// The fleet-wide settings: exactly one row, there from the first migration on. Pushed as KIND_SETTINGS with the id
// "settings". Blocking, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

inline constexpr std::string_view kSettingsId = "settings";

struct Settings {
  // 0 means the built-in 32 MiB.
  std::int64_t max_body_bytes = 0;
  // 0 means 15 s.
  std::int32_t keepalive_seconds = 0;
  // 0 means unlimited.
  std::int32_t default_user_concurrency = 0;
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

[[nodiscard]] Result<Settings> get_settings(db::Transaction& tx);
// `revision` must be the stored one, else kFailedPrecondition.
[[nodiscard]] Result<Settings> update_settings(db::Transaction& tx, const Settings& settings);

}  // namespace sluice::store
