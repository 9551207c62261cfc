// What a start makes of the records an earlier process left. Before anybody else uses the store.
#pragma once

#include <leveldb/db.h>

#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "dataplane/usage/journal.h"

namespace sluice::usage {

struct Recovery {
  std::uint64_t records = 0;        // in all
  std::uint64_t finished = 0;       // ready to report, the recovered ones included
  std::uint64_t recovered = 0;      // were in flight, are now finished as NODE_CRASH
  std::vector<EventKey> decisions;  // requests with a decision record, oldest first; not among the records
};

// Every change is the final state of one record, so a crash in the middle leaves less to do and nothing half done.
// Records that cannot be read stay where they are.
[[nodiscard]] Result<Recovery> recover(leveldb::DB& db, SystemTime now);

}  // namespace sluice::usage
