// The picture of what goes on, read from PostgreSQL: so every replica shows the same. Blocking, any thread.
#pragma once

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "sluice/admin/v1/live.pb.h"

namespace sluice::live {

// Nodes and accounts.
[[nodiscard]] Result<admin::v1::Overview> load_overview(db::Transaction& tx, SystemTime now);

// The last minute's. Reads the usage of that minute, so not to be called all the time; without counted_at if that takes
// longer than two seconds.
[[nodiscard]] Result<admin::v1::Traffic> load_traffic(db::Transaction& tx, SystemTime now);

// What makes `after` of `before`. Nothing is set in it if they are the same.
[[nodiscard]] admin::v1::OverviewDelta difference(const admin::v1::Overview& before, const admin::v1::Overview& after);
[[nodiscard]] bool is_empty(const admin::v1::OverviewDelta& delta);

}  // namespace sluice::live
