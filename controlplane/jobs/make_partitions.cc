#include "controlplane/jobs/job.h"

namespace sluice::jobs {

namespace {

// Yesterday's too, for what comes late on the first day.
constexpr std::chrono::days kBehind{1};
constexpr std::chrono::days kAhead{7};

// What is there is left as it is.
Result<Step> make_rollup_partitions(db::Transaction& tx, std::chrono::sys_days today) {
  const auto made = tx.exec(
      "SELECT ensure_rollup_partition('usage_minutes', 'day', $1::date + n), "
      "ensure_rollup_partition('usage_quarters', 'month', $1::date + n), "
      "ensure_rollup_partition('usage_days', 'year', $1::date + n) FROM generate_series(-1, $2::integer) AS n",
      db::format_time(SystemTime(today)).substr(0, 10), static_cast<std::int32_t>(kAhead.count()));
  if (!made) return std::unexpected(made.error());
  return Step{};
}

// One partition a step: making one waits for statements that use the parent.
Result<Step> make(db::Transaction& tx, SystemTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const auto text = [](std::chrono::sys_days day) { return db::format_time(SystemTime(day)).substr(0, 10); };
  const auto missing = tx.exec(
      "SELECT day::date::text AS day FROM generate_series($1::date, $2::date, interval '1 day') AS day "
      "WHERE to_regclass('usage_events_' || to_char(day, 'YYYYMMDD')) IS NULL ORDER BY day LIMIT 2",
      text(today - kBehind), text(today + kAhead));
  if (!missing) return std::unexpected(missing.error());
  if (missing->empty()) return make_rollup_partitions(tx, today);
  const auto made = tx.exec("SELECT ensure_usage_partition($1::date)", missing->front().get<std::string>("day"));
  if (!made) return std::unexpected(made.error());
  return Step{.rows = 1, .more = missing->size() > 1};
}

}  // namespace

Job make_partitions_job() {
  return {.name = "make_partitions", .every = std::chrono::hours(1), .step = make};
}

}  // namespace sluice::jobs
