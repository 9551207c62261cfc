#include "controlplane/usage/totals.h"

#include <fmt/format.h>

#include <vector>

namespace sluice::usage {

namespace {

Percentiles read_percentiles(const db::Row& row, std::string_view column) {
  const auto values = row.get<std::vector<std::int64_t>>(column);
  if (values.size() != 4) return {};
  return {.p50_us = values[0], .p90_us = values[1], .p95_us = values[2], .p99_us = values[3]};
}

}  // namespace

Totals read_totals(const db::Row& row) {
  const auto number = [&](std::string_view column) { return row.get<std::int64_t>(column); };
  return {.requests = number("requests"),
          .errors = number("errors"),
          .input_tokens = number("input_tokens"),
          .output_tokens = number("output_tokens"),
          .cache_read_tokens = number("cache_read_tokens"),
          .cache_write_5m_tokens = number("cache_write_5m_tokens"),
          .cache_write_1h_tokens = number("cache_write_1h_tokens"),
          .cost_nano_usd = number("cost_nano_usd"),
          .purchase_nano_usd = number("purchase_nano_usd")};
}

Summary read_summary(const db::Row& row) {
  return {.totals = read_totals(row),
          .duration = read_percentiles(row, "duration"),
          .first_byte = read_percentiles(row, "first_byte")};
}

Result<Summary> summary(db::Transaction& tx, const ReportFilter& filter) {
  const auto rows = select(tx, filter, fmt::format("SELECT {}, {} FROM facts", kTotals, kPercentiles));
  if (!rows) return std::unexpected(rows.error());
  return read_summary(rows->front());
}

}  // namespace sluice::usage
