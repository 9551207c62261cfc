#include "controlplane/usage/top.h"

#include <fmt/format.h>

namespace sluice::usage {

namespace {

std::string_view column_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::kUser:
      return "user_id";
    case Dimension::kApiKey:
      return "api_key_id";
    case Dimension::kGroup:
      return "group_id";
    case Dimension::kAccount:
      return "account_id";
    case Dimension::kModel:
      return "model";
    case Dimension::kErrorClass:
      return "error_class";
  }
  return "error_class";
}

std::string_view measure_of(Metric metric) {
  switch (metric) {
    case Metric::kCost:
      return "coalesce(sum(cost_nano_usd), 0)::bigint";
    case Metric::kRequests:
      return "coalesce(sum(requests), 0)::bigint";
    case Metric::kTokens:
      return "coalesce(sum(tokens), 0)::bigint";
  }
  return "coalesce(sum(requests), 0)::bigint";
}

// The rows after the first $11 become one, whose rank is $11 + 1.
constexpr std::string_view kTop =
    ", sums AS (SELECT {column}::text AS value, {measure} AS measure, {totals} FROM facts GROUP BY 1), "
    "ranked AS (SELECT *, least(row_number() OVER (ORDER BY measure DESC, value), $11 + 1) AS rank FROM sums) "
    "SELECT rank, min(value) AS value, count(*) AS members, sum(measure)::bigint AS measure, "
    "(sum(sum(measure)) OVER ())::bigint AS whole, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, "
    "sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens, "
    "sum(cache_read_tokens)::bigint AS cache_read_tokens, "
    "sum(cache_write_5m_tokens)::bigint AS cache_write_5m_tokens, "
    "sum(cache_write_1h_tokens)::bigint AS cache_write_1h_tokens, sum(cost_nano_usd)::bigint AS cost_nano_usd, "
    "sum(purchase_nano_usd)::bigint AS purchase_nano_usd FROM ranked GROUP BY rank ORDER BY rank";

// In each grouping set all columns but one are null; grouping() has a bit for each of those.
constexpr std::string_view kFacets =
    ", counts AS (SELECT CASE grouping(user_id, api_key_id, group_id, account_id, model, error_class) "
    "    WHEN 31 THEN 0 WHEN 47 THEN 1 WHEN 55 THEN 2 WHEN 59 THEN 3 WHEN 61 THEN 4 ELSE 5 END AS dimension, "
    "  coalesce(user_id::text, api_key_id::text, group_id::text, account_id::text, model, error_class) AS "
    "    value, sum(requests)::bigint AS requests FROM facts "
    "  GROUP BY GROUPING SETS ((user_id), (api_key_id), (group_id), (account_id), (model), (error_class))), "
    "ranked AS (SELECT *, row_number() OVER (PARTITION BY dimension ORDER BY requests DESC, value) AS rank FROM "
    "counts) "
    "SELECT dimension, value, requests FROM ranked WHERE rank <= $11 ORDER BY dimension, rank";

}  // namespace

Result<Top> top(db::Transaction& tx, const ReportFilter& filter, Dimension by, Metric metric, int limit) {
  const std::string sql = fmt::format(fmt::runtime(kTop), fmt::arg("column", column_of(by)),
                                      fmt::arg("measure", measure_of(metric)), fmt::arg("totals", kTotals));
  const auto rows = select(tx, filter, Source::kDays, sql, limit);
  if (!rows) return std::unexpected(rows.error());
  Top out;
  for (const db::Row row : *rows) {
    const auto whole = static_cast<double>(row.get<std::int64_t>("whole"));
    TopRow one{.value = row.get<std::string>("value"), .totals = read_totals(row)};
    if (whole > 0) one.share = static_cast<double>(row.get<std::int64_t>("measure")) / whole;
    if (row.get<std::int64_t>("rank") <= limit) {
      out.rows.push_back(std::move(one));
      continue;
    }
    one.value.clear();
    out.others = std::move(one);
    out.other_values = row.get<std::int64_t>("members");
  }
  return out;
}

Result<std::vector<Facet>> facets(db::Transaction& tx, const ReportFilter& filter) {
  const auto rows = select(tx, filter, Source::kDays, kFacets, kMaxFacets);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Facet> out;
  for (const db::Row row : *rows) {
    out.push_back({.dimension = static_cast<Dimension>(row.get<std::int32_t>("dimension")),
                   .value = row.get<std::string>("value"),
                   .requests = row.get<std::int64_t>("requests")});
  }
  return out;
}

}  // namespace sluice::usage
