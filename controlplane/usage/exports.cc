#include "controlplane/usage/exports.h"

#include <cstdlib>

#include "controlplane/store/row_access.h"

namespace sluice::usage {

namespace {

#define SLUICE_EXPORT_COLUMNS                                                                                      \
  "id::text AS id, actor, owner_id::text AS owner_id, state, request, whole, cursor, chunks, rows, bytes, error, " \
  "created_at, ended_at"

std::string_view name(ExportState state) {
  switch (state) {
    case ExportState::kRunning:
      return "running";
    case ExportState::kDone:
      return "done";
    case ExportState::kFailed:
      return "failed";
  }
  std::abort();
}

ExportState state_of(std::string_view text) {
  for (const ExportState state : {ExportState::kRunning, ExportState::kDone, ExportState::kFailed}) {
    if (name(state) == text) return state;
  }
  std::abort();  // the CHECK allows no other
}

Export read_export(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .actor = row.get<std::string>("actor"),
          .owner_id = row.get<std::optional<std::string>>("owner_id"),
          .state = state_of(row.get<std::string>("state")),
          .request = row.get<db::Bytes>("request").value,
          .whole = row.get<bool>("whole"),
          .cursor = row.get<std::string>("cursor"),
          .chunks = row.get<std::int32_t>("chunks"),
          .rows = row.get<std::int64_t>("rows"),
          .bytes = row.get<std::int64_t>("bytes"),
          .error = row.get<std::string>("error"),
          .created_at = row.get<SystemTime>("created_at"),
          .ended_at = row.get<std::optional<SystemTime>>("ended_at")};
}

}  // namespace

Result<Export> insert_export(db::Transaction& tx, const Export& row) {
  const auto rows = tx.exec(
      "INSERT INTO usage_exports (id, actor, owner_id, state, request, whole, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " SLUICE_EXPORT_COLUMNS,
      row.id, row.actor, row.owner_id, name(row.state), db::Bytes{row.request}, row.whole, row.created_at);
  if (!rows) return std::unexpected(rows.error());
  return read_export(rows->front());
}

Result<Export> get_export(db::Transaction& tx, std::string_view id) {
  const auto rows = tx.exec("SELECT " SLUICE_EXPORT_COLUMNS " FROM usage_exports WHERE id = $1", id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return store::not_found("usage export", id);
  return read_export(rows->front());
}

Result<store::Page<Export>> list_exports(db::Transaction& tx, const store::PageRequest& page,
                                         const std::optional<std::string>& owner_id) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows =
      tx.exec("SELECT " SLUICE_EXPORT_COLUMNS
              " FROM usage_exports WHERE ($4::uuid IS NULL OR owner_id = $4) AND " SLUICE_KEYSET("created_at")
                  SLUICE_KEYSET_ORDER("created_at"),
              store::time_of(*position), store::id_of(*position), store::page_size(page) + 1, owner_id);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<Export>(*rows, store::page_size(page), read_export, store::position_by_created_at<Export>);
}

Result<std::optional<Export>> take_running_export(db::Transaction& tx) {
  const auto rows = tx.exec("SELECT " SLUICE_EXPORT_COLUMNS
                            " FROM usage_exports WHERE state = 'running' ORDER BY created_at, id LIMIT 1 FOR UPDATE");
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return read_export(rows->front());
}

Result<> save_export(db::Transaction& tx, const Export& row) {
  const auto rows = tx.exec(
      "UPDATE usage_exports SET state = $2, cursor = $3, chunks = $4, rows = $5, bytes = $6, error = $7, ended_at = $8 "
      "WHERE id = $1",
      row.id, name(row.state), row.cursor, row.chunks, row.rows, row.bytes, row.error, row.ended_at);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

Result<> add_chunk(db::Transaction& tx, Export& row, const std::string& data) {
  const auto rows = tx.exec("INSERT INTO usage_export_chunks (export_id, number, data) VALUES ($1, $2, $3)", row.id,
                            row.chunks, data);
  if (!rows) return std::unexpected(rows.error());
  ++row.chunks;
  row.bytes += static_cast<std::int64_t>(data.size());
  return {};
}

Result<std::string> get_chunk(db::Transaction& tx, std::string_view id, std::int32_t number) {
  const auto rows = tx.exec("SELECT data FROM usage_export_chunks WHERE export_id = $1 AND number = $2", id, number);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return fail(ErrorCode::kNotFound, "the export has no chunk of this number");
  return rows->front().get<std::string>("data");
}

Result<std::int64_t> drop_exports(db::Transaction& tx, SystemTime now, int at_once) {
  const auto rows = tx.exec(
      "DELETE FROM usage_exports WHERE id IN (SELECT id FROM usage_exports WHERE created_at < $1 "
      "ORDER BY created_at LIMIT $2)",
      now - kExportKept, at_once);
  if (!rows) return std::unexpected(rows.error());
  return static_cast<std::int64_t>(rows->affected());
}

}  // namespace sluice::usage
