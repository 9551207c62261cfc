// The rows of a batch as the arrays that one INSERT ... SELECT FROM unnest(...) takes. Private to the folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/billing/event_row.h"
#include "controlplane/billing/purse.h"
#include "controlplane/db/transaction.h"

namespace sluice::billing {

// Inserts the rows, posts what is new of them, pays from the wallets and charges the budgets of keys. One row comes
// back: `stored` (bigint), `due` (text[]), the users whose balance must be published, and `purses` (text[]), `nano_usd`
// and `versions` (bigint[]), the state of every purse that moved. `rows` are sorted by event id, so that batches which
// overlap wait for each other and never deadlock.
[[nodiscard]] Result<db::Rows> insert_and_post(db::Transaction& tx, const std::string& node_id,
                                               std::span<const EventRow> rows);

// Adds the purses that the rows name and that are not in `purses`: nothing new was charged to them. After
// insert_and_post(), in a statement of its own, so that it sees what a delivery of the same events elsewhere committed
// while insert_and_post() waited for it.
[[nodiscard]] Result<> read_unmoved_purses(db::Transaction& tx, std::span<const EventRow> rows, Purses& purses);

}  // namespace sluice::billing
