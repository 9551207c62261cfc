// The fleet-wide settings: exactly one row, there from the first migration on. Pushed as KIND_SETTINGS with the id
// "settings". Blocking, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "sluice/config/v1/resources.pb.h"

namespace sluice::store {

inline constexpr std::string_view kSettingsId = "settings";

struct Settings {
  // As it is pushed. money_without_redis is UNSPECIFIED for the local share, and parts without any value are not set,
  // so that settings nobody touched keep their bytes over releases.
  config::v1::Settings value = {};
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

[[nodiscard]] Result<Settings> get_settings(db::Transaction& tx);
// `revision` must be the stored one, else kFailedPrecondition. With a new time zone, what keys have spent is summed up
// for its windows, and keys with budgets are pushed again.
[[nodiscard]] Result<Settings> update_settings(db::Transaction& tx, const Settings& settings);

}  // namespace sluice::store
