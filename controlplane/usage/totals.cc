#include "controlplane/usage/totals.h"

#include <fmt/format.h>

namespace sluice::usage {

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

void Latencies::add(const db::Row& row) {
  Histogram& histogram = row.get<std::int32_t>("kind") == 0 ? duration : first_byte;
  histogram.add(static_cast<std::int32_t>(row.get<std::int64_t>("bucket")), row.get<std::int64_t>("n"));
}

Result<Summary> summary(db::Transaction& tx, const ReportFilter& filter) {
  const auto sums = select(tx, filter, Source::kDays, fmt::format("SELECT {} FROM facts", kTotals));
  if (!sums) return std::unexpected(sums.error());
  const auto buckets =
      select(tx, filter, Source::kDays,
             fmt::format("SELECT kind, bucket, sum(n)::bigint AS n {} GROUP BY kind, bucket", kLatencies));
  if (!buckets) return std::unexpected(buckets.error());
  Latencies latencies;
  for (const db::Row row : *buckets)
    latencies.add(row);
  return Summary{.totals = read_totals(sums->front()),
                 .duration = latencies.duration.percentiles(),
                 .first_byte = latencies.first_byte.percentiles()};
}

}  // namespace sluice::usage
