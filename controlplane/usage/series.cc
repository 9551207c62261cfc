#include "controlplane/usage/series.h"

#include <fmt/format.h>

#include "common/money/window.h"

namespace sluice::usage {

namespace {

struct Cut {
  // SQL: the bucket of the time {}, in the time zone $9.
  std::string_view bucket;
  // Every bucket but the first and the last has a multiple of it inside.
  std::string_view probe;
  // No bucket is shorter, except where clocks are put by less than an hour.
  std::chrono::minutes shortest;
};

Cut cut_of(Step step) {
  using std::chrono::hours;
  switch (step) {
    case Step::kMinute:
      return {"date_trunc('minute', {}, $9)", "1 minute", std::chrono::minutes(1)};
    case Step::kQuarterHour:
      return {"date_bin('15 minutes', {0}, date_trunc('hour', {0}, $9))", "15 minutes", std::chrono::minutes(15)};
    case Step::kHour:
      return {"date_trunc('hour', {}, $9)", "15 minutes", hours(1)};
    case Step::kDay:
      return {"date_trunc('day', {}, $9)", "6 hours", hours(23)};
    case Step::kWeek:
      return {"date_trunc('week', {}, $9)", "1 day", hours(24 * 7 - 1)};
    case Step::kMonth:
      return {"date_trunc('month', {}, $9)", "7 days", hours(24 * 28 - 1)};
  }
  return {};
}

// Buckets that have no requests come from the calendar alone.
constexpr std::string_view kSeries =
    ", calendar AS (SELECT {probed} AS start FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 us', "
    "    interval '{probe}') AS g(at) UNION SELECT {last}), "
    "sums AS (SELECT {bucket} AS start, {totals}, {percentiles} FROM facts GROUP BY 1) "
    "SELECT start, coalesce(requests, 0) AS requests, coalesce(errors, 0) AS errors, "
    "coalesce(input_tokens, 0) AS input_tokens, coalesce(output_tokens, 0) AS output_tokens, "
    "coalesce(cache_read_tokens, 0) AS cache_read_tokens, coalesce(cache_write_5m_tokens, 0) AS cache_write_5m_tokens, "
    "coalesce(cache_write_1h_tokens, 0) AS cache_write_1h_tokens, coalesce(cost_nano_usd, 0) AS cost_nano_usd, "
    "coalesce(purchase_nano_usd, 0) AS purchase_nano_usd, coalesce(duration, '{{}}') AS duration, "
    "coalesce(first_byte, '{{}}') AS first_byte FROM calendar FULL JOIN sums USING (start) ORDER BY start";

std::string sql_of(const Cut& cut) {
  const auto bucket = [&](std::string_view at) { return fmt::format(fmt::runtime(cut.bucket), at); };
  return fmt::format(fmt::runtime(kSeries), fmt::arg("probed", bucket("at")), fmt::arg("probe", cut.probe),
                     fmt::arg("last", bucket("($2::timestamptz - interval '1 us')")),
                     fmt::arg("bucket", bucket("started_at")), fmt::arg("totals", kTotals),
                     fmt::arg("percentiles", kPercentiles));
}

}  // namespace

Result<std::vector<Bucket>> series(db::Transaction& tx, const ReportFilter& filter, Step step,
                                   const std::string& time_zone) {
  if (!money::is_time_zone(time_zone)) {
    return fail(ErrorCode::kInvalidArgument, "time_zone: not an IANA name such as Europe/Berlin");
  }
  const Cut cut = cut_of(step);
  if (filter.until > filter.from && (filter.until - filter.from) / cut.shortest + 2 > kMaxBuckets) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("that would be more than {} buckets; choose a longer step or a shorter range", kMaxBuckets));
  }
  const auto rows = select(tx, filter, sql_of(cut), time_zone.empty() ? std::string("UTC") : time_zone);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Bucket> buckets;
  for (const db::Row row : *rows)
    buckets.push_back({.start = row.get<SystemTime>("start"), .summary = read_summary(row)});
  return buckets;
}

}  // namespace sluice::usage
