#include "controlplane/live/overview.h"
#include "controlplane/live/words.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::live {

namespace {

constexpr std::chrono::seconds kWindow{60};
// Usage is found by its start. What ran longer than this is missed: it is little, and its cost was long ago.
constexpr std::chrono::minutes kLongest{5};

// A count that a busy hour makes too long ends, and the transaction goes on without it and without the limit.
constexpr std::string_view kBegin = "SAVEPOINT traffic";
constexpr std::string_view kLimit = "SET LOCAL statement_timeout = '2s'";
constexpr std::string_view kEnd = "ROLLBACK TO SAVEPOINT traffic";
constexpr std::string_view kCount =
    "SELECT outcome::int AS outcome, count(*) AS requests, "
    "sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens)::bigint "
    "AS tokens, sum(cost_nano_usd)::bigint AS cost "
    "FROM usage_events WHERE day >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND started_at >= $1 AND ended_at > $2 "
    "GROUP BY outcome ORDER BY outcome";

}  // namespace

Result<admin::v1::Traffic> load_traffic(db::Transaction& tx, SystemTime now) {
  for (const std::string_view prepare : {kBegin, kLimit}) {
    if (const auto done = tx.exec(prepare); !done) return std::unexpected(done.error());
  }
  const auto rows = tx.exec(kCount, now - kWindow - kLongest, now - kWindow);
  if (const auto done = tx.exec(kEnd); !done) return std::unexpected(done.error());
  admin::v1::Traffic traffic;
  if (!rows) return traffic;
  *traffic.mutable_counted_at() = to_timestamp(now);
  std::int64_t all = 0;
  for (const db::Row row : *rows) {
    const auto outcome = row.get<std::int32_t>("outcome");
    const auto requests = row.get<std::int64_t>("requests");
    all += requests;
    traffic.set_tokens_per_minute(traffic.tokens_per_minute() + row.get<std::int64_t>("tokens"));
    traffic.set_cost_per_minute_nano_usd(traffic.cost_per_minute_nano_usd() + row.get<std::int64_t>("cost"));
    if (outcome == usage::v1::OUTCOME_COMPLETE) continue;
    admin::v1::FailureCount& failures = *traffic.add_failures();
    failures.set_outcome(std::string(outcome_word(outcome)));
    failures.set_requests(requests);
  }
  traffic.set_requests_per_second(static_cast<double>(all) / static_cast<double>(kWindow.count()));
  return traffic;
}

}  // namespace sluice::live
