#include "controlplane/store/change_log.h"

namespace sluice::store {
namespace {

constexpr db::Statement kRecord{"record_change",
                                "WITH next AS (UPDATE config_version SET number = number + 1 RETURNING number), "
                                "written AS (INSERT INTO change_log (number, kind, object_id, revision, state) "
                                "SELECT number, $1, $2, $3, $4 FROM next RETURNING number) "
                                "SELECT number, pg_notify($5, '') FROM written"};

// One statement, so one view: the numbers fit the rows.
constexpr std::string_view kSince =
    "SELECT v.number AS current, v.trimmed_to, c.number, c.kind, c.object_id, c.revision, c.state, c.at "
    "FROM config_version v LEFT JOIN change_log c ON c.number > $1 ORDER BY c.number LIMIT $2";

Change read_change(const db::Row& row) {
  return {.number = row.get<std::int64_t>("number"),
          .kind = static_cast<config::v1::Kind>(row.get<std::int32_t>("kind")),
          .object_id = row.get<std::string>("object_id"),
          .revision = row.get<std::int64_t>("revision"),
          .state = static_cast<config::v1::State>(row.get<std::int32_t>("state")),
          .at = row.get<SystemTime>("at")};
}

}  // namespace

Result<std::int64_t> record_change(db::Transaction& tx, config::v1::Kind kind, std::string_view object_id,
                                   std::int64_t revision, config::v1::State state) {
  auto rows = tx.exec(kRecord, static_cast<int>(kind), object_id, revision, static_cast<int>(state), kConfigChannel);
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<std::int64_t>("number");
}

Result<ConfigVersion> current_version(db::Transaction& tx) {
  auto rows = tx.exec("SELECT epoch, number FROM config_version");
  if (!rows) return std::unexpected(rows.error());
  return ConfigVersion{rows->front().get<std::string>("epoch"), rows->front().get<std::int64_t>("number")};
}

Result<Changes> changes_since(db::Transaction& tx, std::int64_t number, int limit) {
  auto rows = tx.exec(kSince, number, std::max(limit, 1));
  if (!rows) return std::unexpected(rows.error());
  Changes out;
  for (const db::Row row : *rows) {
    out.complete = number >= row.get<std::int64_t>("trimmed_to") && number <= row.get<std::int64_t>("current");
    if (!out.complete) return Changes{};
    if (!row.null("number")) out.rows.push_back(read_change(row));
  }
  return out;
}

Result<std::int64_t> trim_change_log(db::Transaction& tx, std::int64_t keep, SystemTime before) {
  auto current = tx.exec("SELECT number FROM config_version FOR UPDATE");
  if (!current) return std::unexpected(current.error());
  auto rows = tx.exec(
      "WITH gone AS (DELETE FROM change_log WHERE number <= $1::bigint - $2::bigint AND at < $3 RETURNING number) "
      "UPDATE config_version SET trimmed_to = GREATEST(trimmed_to, (SELECT max(number) FROM gone)) "
      "RETURNING (SELECT count(*) FROM gone) AS dropped",
      current->front().get<std::int64_t>("number"), keep, before);
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<std::int64_t>("dropped");
}

Result<> start_new_epoch(db::Transaction& tx) {
  auto done = tx.exec("UPDATE config_version SET epoch = gen_random_uuid()");
  if (!done) return std::unexpected(done.error());
  auto told = tx.exec("SELECT pg_notify($1, '')", kConfigChannel);
  if (!told) return std::unexpected(told.error());
  return {};
}

}  // namespace sluice::store
