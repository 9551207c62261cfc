// The rows of a batch as the arrays that one INSERT ... SELECT FROM unnest(...) takes. Private to the folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/billing/event_row.h"
#include "controlplane/db/transaction.h"

namespace sluice::billing {

// Inserts the rows, posts what is new of them and pays from the wallets. One row comes back: `stored` (bigint) and
// `crossed` (text[]): users whose balance has just fallen to zero or below. `rows` are sorted by event id, so that
// batches which overlap wait for each other and never deadlock.
[[nodiscard]] Result<db::Rows> insert_and_post(db::Transaction& tx, const std::string& node_id,
                                               std::span<const EventRow> rows);

}  // namespace sluice::billing
