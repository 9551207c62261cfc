#include "controlplane/usage/report_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controlplane/usage/error_class.h"

namespace sluice::usage {

namespace {

constexpr std::array<std::string_view, 9> kClasses = {"none",         "client_gone", "upstream_cut",
                                                      "rate_limited", "refused",     "upstream_error",
                                                      "unreachable",  "node_crash",  "gateway_ended"};

constexpr std::string_view kSums =
    "SELECT bucket AS at, user_id, api_key_id, group_id, account_id, model, error_class, requests, input_tokens, "
    "output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nano_usd, purchase_nano_usd, "
    "duration, first_byte FROM {table} WHERE bucket >= ($9::timestamptz[])[{n}] AND bucket < ($10::timestamptz[])[{n}]";
// The partition is by the day in the event id, which is made when the request arrives: a day on either side is margin
// enough for events on midnight.
constexpr std::string_view kEvents =
    "SELECT started_at, user_id, api_key_id, group_id, account_id, requested_model, " SLUICE_ERROR_CLASS
    ", 1, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nano_usd, "
    "coalesce(purchase_nano_usd, 0), "
    "pack_histogram(ARRAY[latency_bucket((extract(epoch FROM ended_at - started_at) * 1000000)::bigint)]), "
    "pack_histogram(ARRAY[latency_bucket(first_byte_us)]) FROM usage_events "
    "WHERE day BETWEEN (($9::timestamptz[])[{n}] AT TIME ZONE 'UTC')::date - 1 "
    "AND (($10::timestamptz[])[{n}] AT TIME ZONE 'UTC')::date + 1 "
    "AND started_at >= ($9::timestamptz[])[{n}] AND started_at < ($10::timestamptz[])[{n}]";
constexpr std::string_view kFiltered =
    "WITH facts AS (SELECT *, input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + "
    "    cache_write_1h_tokens AS tokens FROM ({}) AS f (at, user_id, api_key_id, group_id, account_id, model, "
    "    error_class, requests, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, "
    "    cache_write_1h_tokens, cost_nano_usd, purchase_nano_usd, duration, first_byte) "
    "  WHERE $1::timestamptz < $2::timestamptz AND ($3::uuid IS NULL OR user_id = $3) "
    "  AND ($4::uuid IS NULL OR api_key_id = $4) AND ($5::uuid IS NULL OR group_id = $5) "
    "  AND ($6::uuid IS NULL OR account_id = $6) AND ($7::text IS NULL OR model = $7) "
    "  AND ($8::text IS NULL OR error_class = $8)) ";

std::string_view table_of(Source source) {
  switch (source) {
    case Source::kDays:
      return "usage_days";
    case Source::kQuarters:
      return "usage_quarters";
    default:
      return "usage_minutes";
  }
}

}  // namespace

bool is_error_class(std::string_view name) {
  return std::ranges::find(kClasses, name) != kClasses.end();
}

Result<> check(const ReportFilter& filter) {
  if (filter.error_class && !is_error_class(*filter.error_class)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("there is no such error class; there are {}", fmt::join(kClasses, ", ")));
  }
  if (filter.from >= filter.until) return fail(ErrorCode::kInvalidArgument, "from must be before until");
  if (filter.until - filter.from > kLongestReport) {
    return fail(ErrorCode::kInvalidArgument, "a report covers at most 400 days");
  }
  return {};
}

std::string facts(const std::vector<Piece>& pieces) {
  std::string parts;
  int n = 0;
  for (const Piece& piece : pieces) {
    if (n > 0) parts += " UNION ALL ";
    ++n;
    parts += piece.source == Source::kEvents
                 ? fmt::format(fmt::runtime(kEvents), fmt::arg("n", n))
                 : fmt::format(fmt::runtime(kSums), fmt::arg("table", table_of(piece.source)), fmt::arg("n", n));
  }
  return fmt::format(fmt::runtime(kFiltered), parts);
}

}  // namespace sluice::usage
