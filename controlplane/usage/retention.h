// How long usage is kept, and dropping what is older. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::usage {

// In days; 0: for ever.
struct Retention {
  std::int32_t days = 0;    // of the sums of days
  std::int32_t events = 0;  // of single events
  std::int32_t quarantine = 400;
  std::int64_t revision = 0;
  SystemTime updated_at = {};
};

// Events come in up to 400 days late; until then none may be forgotten, or it would be billed again.
inline constexpr std::int32_t kShortestKept = 401;

[[nodiscard]] Result<Retention> get_retention(db::Transaction& tx);
// As update of store/users.h.
[[nodiscard]] Result<Retention> update_retention(db::Transaction& tx, const Retention& retention);

struct Dropped {
  std::int64_t tables = 0;
  std::int64_t rows = 0;
};

// Drops the events of one day whose sums were compared, and books what they cost as dropped, so that the books add up
// without them. Nothing if none is due. Waits less than a second for whoever uses the table: kDeadlineExceeded or
// kUnavailable then, and the next run tries again.
[[nodiscard]] Result<Dropped> drop_events_of_a_day(db::Transaction& tx, SystemTime now);
// Sums that no report reads any more, or that the policy gives up, and rows of the quarantine. A bounded piece of work.
[[nodiscard]] Result<Dropped> drop_sums(db::Transaction& tx, SystemTime now);

}  // namespace sluice::usage
