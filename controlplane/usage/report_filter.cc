#include "controlplane/usage/report_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::usage {

namespace {

constexpr std::array<std::string_view, 9> kClasses = {"none",         "client_gone", "upstream_cut",
                                                      "rate_limited", "refused",     "upstream_error",
                                                      "unreachable",  "node_crash",  "gateway_ended"};

// The partition is by the day in the event id, which is made when the request arrives: a day on either side is margin
// enough for events on midnight.
constexpr std::string_view kFacts =
    "WITH facts AS (SELECT f.*, input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + "
    "    cache_write_1h_tokens AS tokens "
    "  FROM (SELECT started_at, user_id, api_key_id, group_id, account_id, requested_model, "
    "      input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, "
    "      cost_nano_usd, purchase_nano_usd, first_byte_us, "
    "      (extract(epoch FROM ended_at - started_at) * 1000000)::bigint AS duration_us, {} AS error_class "
    "    FROM usage_events "
    "    WHERE day BETWEEN ($1::timestamptz AT TIME ZONE 'UTC')::date - 1 "
    "        AND ($2::timestamptz AT TIME ZONE 'UTC')::date + 1 "
    "      AND started_at >= $1 AND started_at < $2 "
    "      AND ($3::uuid IS NULL OR user_id = $3) AND ($4::uuid IS NULL OR api_key_id = $4) "
    "      AND ($5::uuid IS NULL OR group_id = $5) AND ($6::uuid IS NULL OR account_id = $6) "
    "      AND ($7::text IS NULL OR requested_model = $7)) f "
    "  WHERE $8::text IS NULL OR error_class = $8) ";

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

std::string facts() {
  return fmt::format(fmt::runtime(kFacts), kErrorClass);
}

}  // namespace sluice::usage
