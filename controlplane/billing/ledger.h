// The double-entry ledger and wallets. Amounts are nano-USD; a wallet's balance is the sum of its ledger lines. Lines
// are only ever added. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::billing {

struct Balance {
  std::int64_t nano_usd = 0;
  // 0: the wallet has never been used. Rises with every change.
  std::int64_t version = 0;
};

struct LedgerEntry {
  // Of a usage entry, the event's id.
  std::string transaction_id;
  // "usage", "adjustment" or "redemption".
  std::string kind;
  // What the wallet gained (or lost, below 0).
  std::int64_t amount_nano_usd = 0;
  SystemTime at;
  std::string external_id;  // empty for usage
  std::string reason;
  std::string actor;
};

// Where an adjustment's money comes from, or goes to.
enum class Source { kAdjustment, kRedemption };

struct Adjustment {
  std::string user_id = {};
  std::int64_t amount_nano_usd = 0;  // below 0 takes money away; not 0
  std::string reason = {};
  // Names this adjustment for ever, e.g. a payment's id or an idempotency key; not empty.
  std::string external_id = {};
  std::string actor = {};
  Source source = Source::kAdjustment;
};

struct Adjusted {
  Balance balance;
  std::string transaction_id;
  bool repeated = false;  // the external id was known: nothing was posted now
};

// Posts an adjustment and pushes the user to the nodes with the new balance. The same external_id again changes nothing
// and answers with the first transaction and the present balance; with another user or amount it is kAlreadyExists.
// kNotFound: no such user. kInvalidArgument: amount 0, no external id, or a balance out of range.
[[nodiscard]] Result<Adjusted> adjust(db::Transaction& tx, const Adjustment& adjustment, SystemTime now);

// Zero for a user without a wallet; whether the user exists is not asked.
[[nodiscard]] Result<Balance> balance(db::Transaction& tx, std::string_view user_id);

// The wallet's entries, newest id first.
[[nodiscard]] Result<store::Page<LedgerEntry>> list_entries(db::Transaction& tx, std::string_view user_id,
                                                            const store::PageRequest& page);

// A place where the books disagree.
struct Drift {
  // "wallet": balance is not the sum of its lines (I1). "ledger": the lines do not add up to zero (I2). "transaction":
  // one transaction's lines do not. "revenue": usage costs are not revenue (I9). "event": a usage row with a cost lacks
  // its transaction, or the other way round, or they differ (I5). "budget": a key's spending in a window is not the sum
  // of the events that name it (I10). "subscription": the same of a subscription's windows.
  // "rollup": the sums of a day are not those of its events.
  std::string invariant;
  std::string id;  // user, transaction, event, or key and window; empty for totals
  std::string expected_nano_usd;
  std::string actual_nano_usd;
};

// Runs every check on one view of the data; no rows is good. Reads whole tables: for a job or a person, not a request.
[[nodiscard]] Result<std::vector<Drift>> check(db::Transaction& tx, int limit = 100);

}  // namespace sluice::billing
