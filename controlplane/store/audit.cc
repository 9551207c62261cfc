#include "controlplane/store/audit.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

AuditRecord read_audit(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .actor = row.get<std::string>("actor"),
          .action = row.get<std::string>("action"),
          .object_kind = row.get<std::string>("object_kind"),
          .object_id = row.get<std::string>("object_id"),
          .before = row.get<std::optional<std::string>>("before"),
          .after = row.get<std::optional<std::string>>("after"),
          .at = row.get<SystemTime>("at"),
          .request_id = row.get<std::string>("request_id")};
}

}  // namespace

Result<> append_audit(db::Transaction& tx, const AuditRecord& record) {
  auto done = tx.exec(
      "INSERT INTO audit_log (id, actor, action, object_kind, object_id, before, after, request_id) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      record.id, record.actor, record.action, record.object_kind, record.object_id, record.before, record.after,
      record.request_id);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<Page<AuditRecord>> list_audit(db::Transaction& tx, const PageRequest& page, const AuditFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT id, actor, action, object_kind, object_id, before, after, at, request_id "
                      "FROM audit_log WHERE " SLUICE_KEYSET(
                          "at") "AND ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR object_kind = $5) "
                      "AND ($6::text IS NULL OR object_id = $6) " SLUICE_KEYSET_ORDER("at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, filter.actor, filter.object_kind,
                      filter.object_id);
  if (!rows) return std::unexpected(rows.error());
  return make_page<AuditRecord>(*rows, page_size(page), read_audit,
                                [](const AuditRecord& last) { return Position{last.at, last.id}; });
}

}  // namespace sluice::store
