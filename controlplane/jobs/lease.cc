#include "controlplane/jobs/lease.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::jobs {

namespace {

std::int64_t ms(std::chrono::milliseconds duration) {
  return duration.count();
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return "done";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kStopped:
      return "stopped";
  }
  return "failed";
}

Result<> still_held(const Result<db::Rows>& updated, const Lease& lease) {
  if (!updated) return std::unexpected(updated.error());
  if (updated->affected() == 1) return {};
  return fail(ErrorCode::kFailedPrecondition, fmt::format("the lease of job {} was lost", lease.job));
}

}  // namespace

Result<> register_jobs(db::Transaction& tx, const std::vector<std::string>& names) {
  const auto done = tx.exec(
      "INSERT INTO jobs (name) SELECT name FROM unnest($1::text[]) AS name ORDER BY name ON CONFLICT DO NOTHING",
      names);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::optional<Lease>> take_lease(db::Transaction& tx, const std::vector<std::string>& names,
                                        std::string_view owner, std::chrono::milliseconds duration) {
  const auto rows = tx.exec(
      "UPDATE jobs SET owner = $2, lease_until = clock_timestamp() + $3::bigint * interval '1 ms', fence = fence + 1, "
      "  last_started_at = clock_timestamp() "
      "WHERE name = (SELECT name FROM jobs WHERE name = ANY($1::text[]) AND next_run_at <= clock_timestamp() "
      "  AND (lease_until IS NULL OR lease_until < clock_timestamp()) "
      "  ORDER BY next_run_at, name LIMIT 1 FOR UPDATE SKIP LOCKED) "
      "RETURNING name, fence",
      names, owner, ms(duration));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return Lease{.job = rows->front().get<std::string>("name"),
               .owner = std::string(owner),
               .fence = rows->front().get<std::int64_t>("fence")};
}

Result<> renew_lease(db::Transaction& tx, const Lease& lease, std::chrono::milliseconds duration) {
  const auto updated = tx.exec(
      "UPDATE jobs SET lease_until = clock_timestamp() + $4::bigint * interval '1 ms' "
      "WHERE name = $1 AND owner = $2 AND fence = $3",
      lease.job, lease.owner, lease.fence, ms(duration));
  return still_held(updated, lease);
}

Result<> end_lease(db::Transaction& tx, const Lease& lease, const Ending& ending) {
  constexpr std::chrono::seconds kAfterFailure{60};
  std::chrono::seconds pause = ending.every;
  if (ending.outcome == Outcome::kFailed) pause = std::min(pause, kAfterFailure);
  if (ending.outcome == Outcome::kStopped) pause = std::chrono::seconds(0);
  const auto updated = tx.exec(
      "WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at) "
      "UPDATE jobs SET owner = NULL, lease_until = NULL, last_ended_at = moment.at, last_outcome = $4, "
      "  last_error = $5, last_rows = $6, last_duration_us = $7, next_run_at = moment.at + CASE "
      "    WHEN triggered_at > last_started_at THEN interval '0' ELSE $8::bigint * interval '1 s' END "
      "FROM moment WHERE name = $1 AND owner = $2 AND fence = $3",
      lease.job, lease.owner, lease.fence, name(ending.outcome), ending.error, ending.rows, ending.duration.count(),
      pause.count());
  return still_held(updated, lease);
}

Result<> trigger_job(db::Transaction& tx, std::string_view name) {
  const auto updated = tx.exec(
      "UPDATE jobs SET triggered_at = clock_timestamp(), next_run_at = LEAST(next_run_at, clock_timestamp()) "
      "WHERE name = $1",
      name);
  if (!updated) return std::unexpected(updated.error());
  if (updated->affected() == 0) return fail(ErrorCode::kNotFound, fmt::format("no job is called \"{}\"", name));
  return {};
}

Result<std::vector<JobState>> list_job_states(db::Transaction& tx) {
  const auto rows = tx.exec(
      "SELECT name, coalesce(owner, '') AS owner, lease_until, next_run_at, last_started_at, last_ended_at, "
      "last_duration_us, last_outcome, last_error, last_rows FROM jobs ORDER BY name");
  if (!rows) return std::unexpected(rows.error());
  std::vector<JobState> states;
  for (const db::Row row : *rows) {
    states.push_back({.name = row.get<std::string>("name"),
                      .owner = row.get<std::string>("owner"),
                      .lease_until = row.get<std::optional<SystemTime>>("lease_until"),
                      .next_run_at = row.get<SystemTime>("next_run_at"),
                      .last_started_at = row.get<std::optional<SystemTime>>("last_started_at"),
                      .last_ended_at = row.get<std::optional<SystemTime>>("last_ended_at"),
                      .last_duration = std::chrono::microseconds(row.get<std::int64_t>("last_duration_us")),
                      .last_outcome = row.get<std::string>("last_outcome"),
                      .last_error = row.get<std::string>("last_error"),
                      .last_rows = row.get<std::int64_t>("last_rows")});
  }
  return states;
}

}  // namespace sluice::jobs
