#include "controlplane/usage/series.h"

#include <fmt/format.h>

#include <map>

#include "common/money/window.h"

namespace sluice::usage {

namespace {

struct Cut {
  // SQL: the bucket of the time {}, in the time zone $11.
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
      return {"date_trunc('minute', {}, $11)", "1 minute", std::chrono::minutes(1)};
    case Step::kQuarterHour:
      return {"date_bin('15 minutes', {0}, date_trunc('hour', {0}, $11))", "15 minutes", std::chrono::minutes(15)};
    case Step::kHour:
      return {"date_trunc('hour', {}, $11)", "15 minutes", hours(1)};
    case Step::kDay:
      return {"date_trunc('day', {}, $11)", "6 hours", hours(23)};
    case Step::kWeek:
      return {"date_trunc('week', {}, $11)", "1 day", hours(24 * 7 - 1)};
    case Step::kMonth:
      return {"date_trunc('month', {}, $11)", "7 days", hours(24 * 28 - 1)};
  }
  return {};
}

// Buckets that have no requests come from the calendar alone.
constexpr std::string_view kSeries =
    ", calendar AS (SELECT {probed} AS start FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 us', "
    "    interval '{probe}') AS g(at) UNION SELECT {last}), "
    "sums AS (SELECT {bucket} AS start, {totals} FROM facts GROUP BY 1) "
    "SELECT start, coalesce(requests, 0) AS requests, coalesce(errors, 0) AS errors, "
    "coalesce(input_tokens, 0) AS input_tokens, coalesce(output_tokens, 0) AS output_tokens, "
    "coalesce(cache_read_tokens, 0) AS cache_read_tokens, coalesce(cache_write_5m_tokens, 0) AS cache_write_5m_tokens, "
    "coalesce(cache_write_1h_tokens, 0) AS cache_write_1h_tokens, coalesce(cost_nano_usd, 0) AS cost_nano_usd, "
    "coalesce(purchase_nano_usd, 0) AS purchase_nano_usd FROM calendar FULL JOIN sums USING (start) ORDER BY start";

std::string sql_of(const Cut& cut) {
  const auto bucket = [&](std::string_view at) { return fmt::format(fmt::runtime(cut.bucket), at); };
  return fmt::format(fmt::runtime(kSeries), fmt::arg("probed", bucket("at")), fmt::arg("probe", cut.probe),
                     fmt::arg("last", bucket("($2::timestamptz - interval '1 us')")), fmt::arg("bucket", bucket("at")),
                     fmt::arg("totals", kTotals));
}

// The coarsest sums whose buckets lie whole in the report's: every zone's offset is a multiple of a quarter of an hour.
Source coarsest_of(Step step, const std::string& zone) {
  if (step == Step::kMinute) return Source::kMinutes;
  return step >= Step::kDay && zone == "UTC" ? Source::kDays : Source::kQuarters;
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
  const std::string zone = time_zone.empty() ? "UTC" : time_zone;
  const Source coarsest = coarsest_of(step, zone);
  const auto rows = select(tx, filter, coarsest, sql_of(cut), zone);
  if (!rows) return std::unexpected(rows.error());
  const std::string latencies = fmt::format("SELECT {} AS start, kind, bucket, sum(n)::bigint AS n {} GROUP BY 1, 2, 3",
                                            fmt::format(fmt::runtime(cut.bucket), "at"), kLatencies);
  const auto found = select(tx, filter, coarsest, latencies, zone);
  if (!found) return std::unexpected(found.error());
  std::map<SystemTime, Latencies> by_start;
  for (const db::Row row : *found)
    by_start[row.get<SystemTime>("start")].add(row);
  std::vector<Bucket> buckets;
  for (const db::Row row : *rows) {
    Bucket& bucket = buckets.emplace_back(row.get<SystemTime>("start"),
                                          Summary{.totals = read_totals(row), .duration = {}, .first_byte = {}});
    const Latencies& measured = by_start[bucket.start];
    bucket.summary.duration = measured.duration.percentiles();
    bucket.summary.first_byte = measured.first_byte.percentiles();
  }
  return buckets;
}

}  // namespace sluice::usage
