#include "controlplane/store/prices.h"

#include "controlplane/store/change_log.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_PRICE_COLUMNS                                                                                     \
  "id, model, display_name, provider, effective_at, input, output, cache_read, cache_write_5m, cache_write_1h, " \
  "per_request, tiers, purchase, status, revision, created_at, updated_at"

constexpr db::Statement kGet{"get_price", "SELECT " SLUICE_PRICE_COLUMNS " FROM prices WHERE id = $1"};
constexpr db::Statement kEffective{"effective_price",
                                   "SELECT " SLUICE_PRICE_COLUMNS
                                   " FROM prices WHERE model = $1 AND effective_at <= $2 AND status <> 'deleted' "
                                   "ORDER BY effective_at DESC LIMIT 1"};

Price read_price(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .model = row.get<std::string>("model"),
          .display_name = row.get<std::string>("display_name"),
          .provider = row.get<std::string>("provider"),
          .effective_at = row.get<SystemTime>("effective_at"),
          .input = row.get<std::int64_t>("input"),
          .output = row.get<std::int64_t>("output"),
          .cache_read = row.get<std::int64_t>("cache_read"),
          .cache_write_5m = row.get<std::int64_t>("cache_write_5m"),
          .cache_write_1h = row.get<std::int64_t>("cache_write_1h"),
          .per_request = row.get<std::int64_t>("per_request"),
          .tiers = tiers_of(row.get<std::string>("tiers")),
          .purchase = purchase_of(row.get<std::optional<std::string>>("purchase")),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<Price> record(db::Transaction& tx, Result<Price> price) {
  if (!price) return price;
  auto recorded = record_change(tx, config::v1::KIND_PRICE, price->id, price->revision, state_of(price->status));
  if (!recorded) return std::unexpected(recorded.error());
  return price;
}

}  // namespace

Result<Price> insert_price(db::Transaction& tx, const Price& price) {
  if (auto ok = check_writable(price.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO prices (id, model, display_name, provider, effective_at, input, output, cache_read, "
      "cache_write_5m, cache_write_1h, per_request, status, tiers, purchase) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING " SLUICE_PRICE_COLUMNS,
      price.id, price.model, price.display_name, price.provider, price.effective_at, price.input, price.output,
      price.cache_read, price.cache_write_5m, price.cache_write_1h, price.per_request, name(price.status),
      tiers_json(price.tiers), purchase_json(price.purchase));
  return record(tx, one(rows, read_price, [&] { return not_found("price", price.id); }));
}

Result<Price> get_price(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_price, [&] { return not_found("price", id); });
}

Result<Price> effective_price(db::Transaction& tx, std::string_view model, SystemTime at) {
  return one(tx.exec(kEffective, model, at), read_price,
             [&] { return fail(ErrorCode::kNotFound, "no price for the model " + std::string(model)); });
}

Result<Page<Price>> list_prices(db::Transaction& tx, const PageRequest& page, const PriceFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_PRICE_COLUMNS " FROM prices WHERE " SLUICE_KEYSET(
                          "created_at") "AND ($4 OR status <> 'deleted') "
                      "AND ($5::text IS NULL OR model = $5) AND ($6::text IS NULL OR provider = $6) "
                      SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, filter.include_deleted, filter.model,
                      filter.provider);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Price>(*rows, page_size(page), read_price, position_by_created_at<Price>);
}

Result<Price> update_price(db::Transaction& tx, const Price& price) {
  if (auto ok = check_writable(price.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE prices SET model = $3, display_name = $4, provider = $5, effective_at = $6, input = $7, output = $8, "
      "cache_read = $9, cache_write_5m = $10, cache_write_1h = $11, per_request = $12, tiers = $13, purchase = $14, "
      "revision = revision + 1, updated_at = now() WHERE id = $1 AND revision = $2 AND status <> 'deleted' "
      "RETURNING " SLUICE_PRICE_COLUMNS,
      price.id, price.revision, price.model, price.display_name, price.provider, price.effective_at, price.input,
      price.output, price.cache_read, price.cache_write_5m, price.cache_write_1h, price.per_request,
      tiers_json(price.tiers), purchase_json(price.purchase));
  return record(tx, one(rows, read_price, [&] { return why_unchanged(tx, "prices", "price", price.id); }));
}

Result<Price> delete_price(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE prices SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' RETURNING " SLUICE_PRICE_COLUMNS,
      id, revision);
  return record(tx, one(rows, read_price, [&] { return why_unchanged(tx, "prices", "price", id); }));
}

}  // namespace sluice::store
