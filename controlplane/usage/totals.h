// Sums and percentiles of requests, as reports give them. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "controlplane/usage/histogram.h"
#include "controlplane/usage/report_filter.h"

namespace sluice::usage {

struct Totals {
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input_tokens = 0, output_tokens = 0, cache_read_tokens = 0;
  std::int64_t cache_write_5m_tokens = 0, cache_write_1h_tokens = 0;
  std::int64_t cost_nano_usd = 0;
  std::int64_t purchase_nano_usd = 0;  // as far as known
};

struct Summary {
  Totals totals;
  Percentiles duration;
  Percentiles first_byte;  // of requests that relayed one
};

// SQL: the sums of facts as the columns that read_totals() reads.
inline constexpr std::string_view kTotals =
    "coalesce(sum(requests), 0)::bigint AS requests, "
    "coalesce(sum(requests) FILTER (WHERE error_class <> 'none'), 0)::bigint AS errors, "
    "coalesce(sum(input_tokens), 0)::bigint AS input_tokens, coalesce(sum(output_tokens), 0)::bigint AS output_tokens, "
    "coalesce(sum(cache_read_tokens), 0)::bigint AS cache_read_tokens, "
    "coalesce(sum(cache_write_5m_tokens), 0)::bigint AS cache_write_5m_tokens, "
    "coalesce(sum(cache_write_1h_tokens), 0)::bigint AS cache_write_1h_tokens, "
    "coalesce(sum(cost_nano_usd), 0)::bigint AS cost_nano_usd, "
    "coalesce(sum(purchase_nano_usd), 0)::bigint AS purchase_nano_usd ";
// SQL: the buckets of both histograms of facts, for Latencies.
inline constexpr std::string_view kLatencies =
    "FROM facts, LATERAL (SELECT 0 AS kind, e >> 40 AS bucket, e & 1099511627775 AS n FROM unnest(duration) AS e "
    "  UNION ALL SELECT 1, e >> 40, e & 1099511627775 FROM unnest(first_byte) AS e) AS h ";
struct Latencies {
  Histogram duration;
  Histogram first_byte;

  // A row with `kind`, `bucket` and `n`.
  void add(const db::Row& row);
};
[[nodiscard]] Totals read_totals(const db::Row& row);

[[nodiscard]] Result<Summary> summary(db::Transaction& tx, const ReportFilter& filter);

}  // namespace sluice::usage
