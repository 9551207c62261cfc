// Brings a price map into the price book: first the difference, then, if it is still the same, the change. Blocking,
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/billing/price_map.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/prices.h"

namespace sluice::billing {

struct PriceImport {
  std::string map_json = {};
  std::vector<std::string> providers = {};
  std::vector<std::string> models = {};  // only these; empty: all
  bool only_known = false;               // only models that have a price already
  std::int64_t markup_ppm = 1'000'000;   // sale price by purchase price, rounded half up to nano-USD
  SystemTime effective_at = {};          // of the new prices; old ones stay and end there
};

struct PriceChange {
  std::optional<store::Price> before = {};  // what holds at that time; empty: the model has no price
  store::Price after = {};                  // without an id until it is stored
};

struct PriceDiff {
  std::vector<PriceChange> changes = {};   // by model
  std::vector<SkippedPrice> skipped = {};  // by model
  int unchanged = 0;
  int others = 0;
  std::string digest = {};  // of the changes, and of the revisions they rest on
};

// Changes nothing. kInvalidArgument for a map that is none.
[[nodiscard]] Result<PriceDiff> diff_prices(db::Transaction& tx, const PriceImport& import);

// Stores the changes of a diff just made in the same transaction: one new price for each, or, where a price begins at
// the very same time, that price with new values. Fills in what was stored.
[[nodiscard]] Result<> apply_prices(db::Transaction& tx, PriceDiff& diff, SystemTime now);

}  // namespace sluice::billing
