// Sums and percentiles of requests, as reports give them. Blocking, any thread.
#pragma once

#include <cstdint>
#include <string_view>

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

// Microseconds; 0 if there were no values. Each is the smallest value that so many are not above.
struct Percentiles {
  std::int64_t p50_us = 0, p90_us = 0, p95_us = 0, p99_us = 0;
};

struct Summary {
  Totals totals;
  Percentiles duration;
  Percentiles first_byte;  // of requests that relayed one
};

// SQL: the sums of facts as the columns that read_totals() reads.
inline constexpr std::string_view kTotals =
    "count(*) AS requests, count(*) FILTER (WHERE error_class <> 'none') AS errors, "
    "coalesce(sum(input_tokens), 0)::bigint AS input_tokens, coalesce(sum(output_tokens), 0)::bigint AS output_tokens, "
    "coalesce(sum(cache_read_tokens), 0)::bigint AS cache_read_tokens, "
    "coalesce(sum(cache_write_5m_tokens), 0)::bigint AS cache_write_5m_tokens, "
    "coalesce(sum(cache_write_1h_tokens), 0)::bigint AS cache_write_1h_tokens, "
    "coalesce(sum(cost_nano_usd), 0)::bigint AS cost_nano_usd, "
    "coalesce(sum(purchase_nano_usd), 0)::bigint AS purchase_nano_usd ";
// SQL: what read_summary() reads besides.
inline constexpr std::string_view kPercentiles =
    "coalesce(percentile_disc(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_us), '{}') AS duration, "
    "coalesce(percentile_disc(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY first_byte_us) "
    "  FILTER (WHERE first_byte_us > 0), '{}') AS first_byte ";
[[nodiscard]] Totals read_totals(const db::Row& row);
[[nodiscard]] Summary read_summary(const db::Row& row);

[[nodiscard]] Result<Summary> summary(db::Transaction& tx, const ReportFilter& filter);

}  // namespace sluice::usage
