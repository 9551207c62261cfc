// Sale prices of models, each from a moment on. Pushed as KIND_PRICE. Blocking, any thread. Rules: users.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"
#include "controlplane/store/price_rates.h"

namespace sluice::store {

struct Price {
  std::string id = {};
  // Exact model name, as clients send it. (model, effective_at) is unique among prices that are not deleted.
  std::string model = {};
  std::string display_name = {};
  std::string provider = {};
  SystemTime effective_at = {};
  // nano-USD per million tokens, >= 0.
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  // nano-USD per request, >= 0.
  std::int64_t per_request = 0;
  // Ascending.
  std::vector<PriceTier> tiers = {};
  // What the vendor asks, for what a request costs to buy; empty: not known.
  std::optional<PurchasePrice> purchase = {};
  // kActive or kDeleted.
  Status status = Status::kActive;
  std::int64_t revision = 0;
  SystemTime created_at = {};
  SystemTime updated_at = {};
};

struct PriceFilter {
  std::optional<std::string> model = {};
  std::optional<std::string> provider = {};
  bool include_deleted = false;
};

[[nodiscard]] Result<Price> insert_price(db::Transaction& tx, const Price& price);
[[nodiscard]] Result<Price> get_price(db::Transaction& tx, std::string_view id);
// The price of `model` in force at `at`; kNotFound if none is.
[[nodiscard]] Result<Price> effective_price(db::Transaction& tx, std::string_view model, SystemTime at);
[[nodiscard]] Result<Page<Price>> list_prices(db::Transaction& tx, const PageRequest& page,
                                              const PriceFilter& filter = {});
[[nodiscard]] Result<Price> update_price(db::Transaction& tx, const Price& price);
[[nodiscard]] Result<Price> delete_price(db::Transaction& tx, std::string_view id,
                                         std::optional<std::int64_t> revision = std::nullopt);

}  // namespace sluice::store
