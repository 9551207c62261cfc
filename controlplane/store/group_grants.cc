#include "controlplane/store/group_grants.h"

#include <vector>

#include "controlplane/store/row_access.h"
#include "controlplane/store/users.h"

namespace sluice::store {
namespace {

#define SLUICE_GRANT_COLUMNS "id, user_id, group_id, multiplier_ppm, created_at, updated_at"

GroupGrant read_grant(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .user_id = row.get<std::string>("user_id"),
          .group_id = row.get<std::string>("group_id"),
          .multiplier_ppm = row.get<std::optional<std::int64_t>>("multiplier_ppm"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

std::unexpected<Error> no_grant() {
  return fail(ErrorCode::kNotFound, "the user has no grant for this group");
}

// Groups before users, as in delete_group().
Result<> lock_parents(db::Transaction& tx, const GroupGrant& grant) {
  auto group = tx.exec("SELECT id FROM groups WHERE id = $1 AND status <> 'deleted' FOR SHARE", grant.group_id);
  if (!group) return std::unexpected(group.error());
  if (group->empty()) return fail(ErrorCode::kFailedPrecondition, "there is no group with the id " + grant.group_id);
  auto user = tx.exec("SELECT id FROM users WHERE id = $1 AND status <> 'deleted' FOR NO KEY UPDATE", grant.user_id);
  if (!user) return std::unexpected(user.error());
  if (user->empty()) return fail(ErrorCode::kFailedPrecondition, "there is no user with the id " + grant.user_id);
  return {};
}

}  // namespace

Result<GroupGrant> put_grant(db::Transaction& tx, const GroupGrant& grant) {
  if (auto ok = lock_parents(tx, grant); !ok) return std::unexpected(ok.error());
  auto stored = one(tx.exec("INSERT INTO group_grants (id, user_id, group_id, multiplier_ppm) VALUES ($1, $2, $3, $4) "
                            "ON CONFLICT (user_id, group_id) DO UPDATE SET multiplier_ppm = excluded.multiplier_ppm, "
                            "updated_at = now() RETURNING " SLUICE_GRANT_COLUMNS,
                            grant.id, grant.user_id, grant.group_id, grant.multiplier_ppm),
                    read_grant, no_grant);
  if (!stored) return stored;
  if (auto pushed = touch_users(tx, {grant.user_id}); !pushed) return std::unexpected(pushed.error());
  return stored;
}

Result<GroupGrant> get_grant(db::Transaction& tx, std::string_view user_id, std::string_view group_id) {
  return one(tx.exec("SELECT " SLUICE_GRANT_COLUMNS " FROM group_grants WHERE user_id = $1 AND group_id = $2", user_id,
                     group_id),
             read_grant, no_grant);
}

Result<Page<GroupGrant>> list_grants(db::Transaction& tx, const PageRequest& page, const GroupGrantFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_GRANT_COLUMNS " FROM group_grants WHERE " SLUICE_KEYSET(
                          "created_at") "AND ($4::uuid IS NULL OR user_id = $4) "
                                        "AND ($5::uuid IS NULL OR group_id = $5) " SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, filter.user_id, filter.group_id);
  if (!rows) return std::unexpected(rows.error());
  return make_page<GroupGrant>(*rows, page_size(page), read_grant, position_by_created_at<GroupGrant>);
}

Result<> delete_grant(db::Transaction& tx, std::string_view user_id, std::string_view group_id) {
  auto rows = tx.exec("DELETE FROM group_grants WHERE user_id = $1 AND group_id = $2", user_id, group_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->affected() == 0) return no_grant();
  return touch_users(tx, {std::string(user_id)});
}

Result<> delete_grants_of_group(db::Transaction& tx, std::string_view group_id) {
  auto rows = tx.exec("DELETE FROM group_grants WHERE group_id = $1 RETURNING user_id::text AS id", group_id);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> users;
  for (const db::Row row : *rows)
    users.push_back(row.get<std::string>("id"));
  return users.empty() ? Result<>{} : touch_users(tx, users);
}

Result<> check_group_is_for(db::Transaction& tx, std::string_view group_id, std::string_view user_id) {
  auto rows = tx.exec(
      "SELECT NOT g.exclusive OR EXISTS (SELECT FROM group_grants WHERE user_id = $2 AND group_id = g.id) "
      "OR EXISTS (SELECT FROM subscriptions WHERE user_id = $2 AND group_id = g.id AND status = 'active' "
      "AND expires_at > now()) AS permitted FROM groups g WHERE g.id = $1 AND g.status <> 'deleted' FOR SHARE OF g",
      group_id, user_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty())
    return fail(ErrorCode::kFailedPrecondition, "there is no group with the id " + std::string(group_id));
  if (rows->front().get<bool>("permitted")) return {};
  return fail(ErrorCode::kFailedPrecondition,
              "the group is exclusive, and the user has neither a grant nor a subscription for it");
}

}  // namespace sluice::store
