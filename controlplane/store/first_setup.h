// The making of the first owner, which happens once. Blocking, any thread.
#pragma once

#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

// Whether there never was a set-up and there is no owner.
[[nodiscard]] Result<bool> setup_is_open(db::Transaction& tx);
// Of several at once one goes on, and the others wait for its end.
Result<> lock_setup(db::Transaction& tx);
// kFailedPrecondition if it was done before.
Result<> mark_setup_done(db::Transaction& tx, std::string_view user_id, SystemTime at);

}  // namespace sluice::store
