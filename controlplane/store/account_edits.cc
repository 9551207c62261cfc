#include "controlplane/store/account_edits.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_EDIT_COLUMNS                                                                                     \
  "id, actor, state, request, account_ids::text[] AS account_ids, next, changed, unchanged, failed, failures, " \
  "created_at, ended_at"

std::string_view name(EditState state) {
  switch (state) {
    case EditState::kRunning:
      return "running";
    case EditState::kDone:
      return "done";
    case EditState::kCancelled:
      return "cancelled";
  }
  std::abort();
}

EditState state_of_edit(std::string_view text) {
  for (const EditState state : {EditState::kRunning, EditState::kDone, EditState::kCancelled}) {
    if (name(state) == text) return state;
  }
  std::abort();  // the CHECK allows no other
}

std::string failures_json(const std::vector<EditFailure>& failures) {
  boost::json::array out;
  for (const EditFailure& one : failures)
    out.push_back({{"account_id", one.account_id}, {"reason", one.reason}});
  return boost::json::serialize(out);
}

std::vector<EditFailure> failures_of(const std::string& json) {
  std::vector<EditFailure> out;
  for (const boost::json::value& one : boost::json::parse(json).as_array()) {
    out.push_back({std::string(one.at("account_id").as_string()), std::string(one.at("reason").as_string())});
  }
  return out;
}

AccountEdit read_edit(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .actor = row.get<std::string>("actor"),
          .state = state_of_edit(row.get<std::string>("state")),
          .request = row.get<db::Bytes>("request").value,
          .account_ids = row.get<std::vector<std::string>>("account_ids"),
          .next = row.get<std::int32_t>("next"),
          .changed = row.get<std::int32_t>("changed"),
          .unchanged = row.get<std::int32_t>("unchanged"),
          .failed = row.get<std::int32_t>("failed"),
          .failures = failures_of(row.get<std::string>("failures")),
          .created_at = row.get<SystemTime>("created_at"),
          .ended_at = row.get<std::optional<SystemTime>>("ended_at")};
}

}  // namespace

Result<std::vector<std::string>> select_accounts(db::Transaction& tx, const AccountSelection& selection) {
  const AccountFilter& filter = selection.filter;
  auto rows = tx.exec(
      "SELECT id FROM accounts WHERE status <> 'deleted' AND ($1::text[] IS NULL OR id = ANY($1::text[]::uuid[])) "
      "AND ($2::uuid IS NULL OR EXISTS (SELECT FROM account_groups WHERE account_id = accounts.id AND group_id = $2)) "
      "AND ($3::text IS NULL OR provider = $3) AND ($4::text IS NULL OR status = $4) "
      "AND ($5::text IS NULL OR tags @> ARRAY[$5]) AND ($6 = '' OR strpos(lower(name), lower($6)) > 0) "
      "ORDER BY id LIMIT $7",
      selection.ids, filter.group_id, filter.provider, name_of(filter.status), filter.tag, filter.text, kMaxEdited + 1);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> out;
  for (const db::Row row : *rows)
    out.push_back(row.get<std::string>("id"));
  return out;
}

Result<AccountEdit> insert_edit(db::Transaction& tx, const AccountEdit& edit) {
  return one(tx.exec("INSERT INTO account_edits (id, actor, state, request, account_ids) "
                     "VALUES ($1, $2, $3, $4, $5::text[]::uuid[]) RETURNING " SLUICE_EDIT_COLUMNS,
                     edit.id, edit.actor, name(edit.state), db::Bytes{edit.request}, edit.account_ids),
             read_edit, [&] { return not_found("account edit", edit.id); });
}

Result<AccountEdit> get_edit(db::Transaction& tx, std::string_view id) {
  return one(tx.exec("SELECT " SLUICE_EDIT_COLUMNS " FROM account_edits WHERE id = $1", id), read_edit,
             [&] { return not_found("account edit", id); });
}

Result<Page<AccountEdit>> list_edits(db::Transaction& tx, const PageRequest& page) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_EDIT_COLUMNS " FROM account_edits WHERE " SLUICE_KEYSET("created_at")
                          SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return make_page<AccountEdit>(*rows, page_size(page), read_edit, position_by_created_at<AccountEdit>);
}

Result<std::optional<AccountEdit>> take_running_edit(db::Transaction& tx) {
  auto rows = tx.exec("SELECT " SLUICE_EDIT_COLUMNS
                      " FROM account_edits WHERE state = 'running' ORDER BY created_at, id LIMIT 1 FOR UPDATE");
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return read_edit(rows->front());
}

Result<AccountEdit> save_edit(db::Transaction& tx, const AccountEdit& edit) {
  return one(tx.exec("UPDATE account_edits SET state = $2, next = $3, changed = $4, unchanged = $5, failed = $6, "
                     "failures = $7, ended_at = $8 WHERE id = $1 RETURNING " SLUICE_EDIT_COLUMNS,
                     edit.id, name(edit.state), edit.next, edit.changed, edit.unchanged, edit.failed,
                     failures_json(edit.failures), edit.ended_at),
             read_edit, [&] { return not_found("account edit", edit.id); });
}

Result<AccountEdit> cancel_edit(db::Transaction& tx, std::string_view id) {
  auto cancelled = one(tx.exec("UPDATE account_edits SET state = 'cancelled', ended_at = now() "
                               "WHERE id = $1 AND state = 'running' RETURNING " SLUICE_EDIT_COLUMNS,
                               id),
                       read_edit, [&] { return not_found("account edit", id); });
  if (cancelled || cancelled.error().code != ErrorCode::kNotFound) return cancelled;
  if (auto held = get_edit(tx, id); !held) return held;
  return fail(ErrorCode::kFailedPrecondition, "the edit has ended already");
}

}  // namespace sluice::store
