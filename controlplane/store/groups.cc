#include "controlplane/store/groups.h"

#include <fmt/format.h>

#include "controlplane/store/change_log.h"
#include "controlplane/store/group_grants.h"
#include "controlplane/store/group_platforms.h"
#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_GROUP_COLUMNS                                                                       \
  "id, name, status, multiplier_ppm, interruption_policy, description, platforms, exclusive, "     \
  "needs_subscription, day_nano_usd, week_nano_usd, month_nano_usd, model_aliases, model_routes, " \
  "revision, created_at, updated_at"

constexpr db::Statement kGet{"get_group", "SELECT " SLUICE_GROUP_COLUMNS " FROM groups WHERE id = $1"};

Group read_group(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .name = row.get<std::string>("name"),
          .status = status_of(row.get<std::string>("status")),
          .multiplier_ppm = row.get<std::int64_t>("multiplier_ppm"),
          .interruption = interruption_of(row.get<std::string>("interruption_policy")),
          .description = row.get<std::string>("description"),
          .platforms = row.get<std::vector<std::string>>("platforms"),
          .exclusive = row.get<bool>("exclusive"),
          .needs_subscription = row.get<bool>("needs_subscription"),
          .day = row.get<std::optional<std::int64_t>>("day_nano_usd"),
          .week = row.get<std::optional<std::int64_t>>("week_nano_usd"),
          .month = row.get<std::optional<std::int64_t>>("month_nano_usd"),
          .model_aliases = mapping_of(row.get<std::string>("model_aliases")),
          .model_routes = routes_of(row.get<std::string>("model_routes")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<Group> record(db::Transaction& tx, Result<Group> group) {
  if (!group) return group;
  auto recorded = record_change(tx, config::v1::KIND_GROUP, group->id, group->revision, state_of(group->status));
  if (!recorded) return std::unexpected(recorded.error());
  return group;
}

Result<> check_unused(db::Transaction& tx, std::string_view id) {
  auto rows = tx.exec("SELECT count(*) AS keys FROM api_keys WHERE group_id = $1 AND status <> 'deleted'", id);
  if (!rows) return std::unexpected(rows.error());
  const auto keys = rows->front().get<std::int64_t>("keys");
  if (keys == 0) return {};
  return fail(ErrorCode::kFailedPrecondition,
              std::to_string(keys) + " API keys still use this group: move or delete them first");
}

// An account that joins locks the group's row first, so it cannot slip in beside this.
Result<> check_members(db::Transaction& tx, const Group& group) {
  auto rows = tx.exec(
      "SELECT a.name, a.provider FROM accounts a JOIN account_groups l ON l.account_id = a.id "
      "WHERE l.group_id = $1 AND NOT " SLUICE_MAY_JOIN("a.provider", "a.hybrid", "$2::text[]") " ORDER BY a.id LIMIT 1",
      group.id, group.platforms);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return {};
  return fail(ErrorCode::kFailedPrecondition,
              fmt::format("platforms: the account {} is of {}: take it out of the group first",
                          rows->front().get<std::string>("name"), rows->front().get<std::string>("provider")));
}

// Accounts carry their group ids when pushed, so each of them changes.
Result<db::Rows> remove_accounts(db::Transaction& tx, std::string_view group_id) {
  return tx.exec(
      "WITH gone AS (DELETE FROM account_groups WHERE group_id = $1 RETURNING account_id) "
      "UPDATE accounts SET revision = revision + 1, updated_at = now() FROM gone WHERE id = gone.account_id "
      "RETURNING id, revision, status",
      group_id);
}

}  // namespace

Result<Group> insert_group(db::Transaction& tx, const Group& group) {
  if (auto ok = check_writable(group.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "INSERT INTO groups (id, name, status, multiplier_ppm, interruption_policy, description, platforms, exclusive, "
      "needs_subscription, day_nano_usd, week_nano_usd, month_nano_usd, model_aliases, model_routes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING " SLUICE_GROUP_COLUMNS,
      group.id, group.name, name(group.status), group.multiplier_ppm, name(group.interruption), group.description,
      group.platforms, group.exclusive, group.needs_subscription, group.day, group.week, group.month,
      to_json(group.model_aliases), to_json(group.model_routes));
  return record(tx, one(rows, read_group, [&] { return not_found("group", group.id); }));
}

Result<Group> get_group(db::Transaction& tx, std::string_view id) {
  return one(tx.exec(kGet, id), read_group, [&] { return not_found("group", id); });
}

Result<Page<Group>> list_groups(db::Transaction& tx, const PageRequest& page, const GroupFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows =
      tx.exec(
          "SELECT " SLUICE_GROUP_COLUMNS " FROM groups WHERE " SLUICE_KEYSET(
              "created_at") "AND ($4::text IS NULL OR status = $4) AND ($5 OR status <> 'deleted') "
                            "AND ($6 = '' OR strpos(lower(name), lower($6)) > 0) "
                            "AND ($7::text IS NULL OR platforms = '{}' OR $7 = ANY(platforms)) "
                            SLUICE_KEYSET_ORDER("created_at"),
          time_of(*position), id_of(*position), page_size(page) + 1, name_of(filter.status), filter.include_deleted,
          filter.text, filter.platform);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Group>(*rows, page_size(page), read_group, position_by_created_at<Group>);
}

Result<Group> update_group(db::Transaction& tx, const Group& group) {
  if (auto ok = check_writable(group.status); !ok) return std::unexpected(ok.error());
  auto rows = tx.exec(
      "UPDATE groups SET name = $3, status = $4, multiplier_ppm = $5, interruption_policy = $6, description = $7, "
      "platforms = $8, exclusive = $9, needs_subscription = $10, day_nano_usd = $11, week_nano_usd = $12, "
      "month_nano_usd = $13, model_aliases = $14, model_routes = $15, revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND revision = $2 AND status <> 'deleted' RETURNING " SLUICE_GROUP_COLUMNS,
      group.id, group.revision, group.name, name(group.status), group.multiplier_ppm, name(group.interruption),
      group.description, group.platforms, group.exclusive, group.needs_subscription, group.day, group.week, group.month,
      to_json(group.model_aliases), to_json(group.model_routes));
  if (!rows) return std::unexpected(rows.error());
  if (auto ok = check_members(tx, group); !ok) return std::unexpected(ok.error());
  return record(tx, one(rows, read_group, [&] { return why_unchanged(tx, "groups", "group", group.id); }));
}

Result<Group> delete_group(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision) {
  auto rows = tx.exec(
      "UPDATE groups SET status = 'deleted', revision = revision + 1, updated_at = now() "
      "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' RETURNING " SLUICE_GROUP_COLUMNS,
      id, revision);
  auto group = one(rows, read_group, [&] { return why_unchanged(tx, "groups", "group", id); });
  if (!group) return group;
  if (auto ok = check_unused(tx, id); !ok) return std::unexpected(ok.error());
  if (auto ok = delete_grants_of_group(tx, id); !ok) return std::unexpected(ok.error());
  auto accounts = remove_accounts(tx, id);
  if (!accounts) return std::unexpected(accounts.error());
  for (const db::Row account : *accounts) {
    auto recorded =
        record_change(tx, config::v1::KIND_ACCOUNT, account.get<std::string>("id"),
                      account.get<std::int64_t>("revision"), state_of(status_of(account.get<std::string>("status"))));
    if (!recorded) return std::unexpected(recorded.error());
  }
  return record(tx, group);
}

}  // namespace sluice::store
