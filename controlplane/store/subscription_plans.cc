#include "controlplane/store/subscription_plans.h"

#include <vector>

#include "controlplane/store/groups.h"
#include "controlplane/store/row_access.h"
#include "controlplane/store/users.h"

namespace sluice::store {

namespace {

#define SLUICE_PLAN_COLUMNS \
  "id, group_id, name, day_nano_usd, week_nano_usd, month_nano_usd, days, status, revision, created_at, updated_at"

SubscriptionPlan read_plan(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .group_id = row.get<std::string>("group_id"),
          .name = row.get<std::string>("name"),
          .day = row.get<std::optional<std::int64_t>>("day_nano_usd"),
          .week = row.get<std::optional<std::int64_t>>("week_nano_usd"),
          .month = row.get<std::optional<std::int64_t>>("month_nano_usd"),
          .days = row.get<std::int32_t>("days"),
          .status = status_of(row.get<std::string>("status")),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

Result<> push_subscribers(db::Transaction& tx, std::string_view plan_id) {
  const auto rows =
      tx.exec("SELECT user_id::text AS id FROM subscriptions WHERE plan_id = $1 AND status = 'active'", plan_id);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> users;
  for (const db::Row row : *rows)
    users.push_back(row.get<std::string>("id"));
  return touch_users(tx, users);
}

}  // namespace

Result<SubscriptionPlan> insert_plan(db::Transaction& tx, const SubscriptionPlan& plan) {
  if (auto ok = check_writable(plan.status); !ok) return std::unexpected(ok.error());
  const auto group = get_group(tx, plan.group_id);
  if (!group || group->status == Status::kDeleted) return fail(ErrorCode::kInvalidArgument, "there is no such group");
  return one(tx.exec("INSERT INTO subscription_plans (id, group_id, name, day_nano_usd, week_nano_usd, "
                     "month_nano_usd, days, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                     "RETURNING " SLUICE_PLAN_COLUMNS,
                     plan.id, plan.group_id, plan.name, plan.day, plan.week, plan.month, plan.days, name(plan.status)),
             read_plan, [&] { return not_found("subscription plan", plan.id); });
}

Result<SubscriptionPlan> get_plan(db::Transaction& tx, std::string_view id) {
  return one(tx.exec("SELECT " SLUICE_PLAN_COLUMNS " FROM subscription_plans WHERE id = $1", id), read_plan,
             [&] { return not_found("subscription plan", id); });
}

Result<Page<SubscriptionPlan>> list_plans(db::Transaction& tx, const PageRequest& page,
                                          const std::optional<std::string>& group_id) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec(
      "SELECT " SLUICE_PLAN_COLUMNS " FROM subscription_plans WHERE " SLUICE_KEYSET(
          "created_at") "AND status <> 'deleted' AND ($4::uuid IS NULL OR group_id = $4) " SLUICE_KEYSET_ORDER("created"
                                                                                                               "_at"),
      time_of(*position), id_of(*position), page_size(page) + 1, group_id);
  if (!rows) return std::unexpected(rows.error());
  return make_page<SubscriptionPlan>(*rows, page_size(page), read_plan, position_by_created_at<SubscriptionPlan>);
}

Result<SubscriptionPlan> update_plan(db::Transaction& tx, const SubscriptionPlan& plan) {
  if (auto ok = check_writable(plan.status); !ok) return std::unexpected(ok.error());
  auto updated = one(
      tx.exec("UPDATE subscription_plans SET name = $3, day_nano_usd = $4, week_nano_usd = $5, month_nano_usd = $6, "
              "days = $7, status = $8, revision = revision + 1, updated_at = now() "
              "WHERE id = $1 AND revision = $2 AND status <> 'deleted' RETURNING " SLUICE_PLAN_COLUMNS,
              plan.id, plan.revision, plan.name, plan.day, plan.week, plan.month, plan.days, name(plan.status)),
      read_plan, [&] { return why_unchanged(tx, "subscription_plans", "subscription plan", plan.id); });
  if (!updated) return updated;
  if (auto pushed = push_subscribers(tx, plan.id); !pushed) return std::unexpected(pushed.error());
  return updated;
}

Result<SubscriptionPlan> delete_plan(db::Transaction& tx, std::string_view id, std::optional<std::int64_t> revision,
                                     SystemTime now) {
  // Whoever assigns the plan holds a lock on its row, so both see one another.
  auto deleted =
      one(tx.exec("UPDATE subscription_plans SET status = 'deleted', revision = revision + 1, updated_at = now() "
                  "WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2) AND status <> 'deleted' "
                  "RETURNING " SLUICE_PLAN_COLUMNS,
                  id, revision),
          read_plan, [&] { return why_unchanged(tx, "subscription_plans", "subscription plan", id); });
  if (!deleted) return deleted;
  const auto used = tx.exec(
      "SELECT FROM subscriptions WHERE plan_id = $1 AND status = 'active' AND expires_at > $2 LIMIT 1", id, now);
  if (!used) return std::unexpected(used.error());
  if (used->empty()) return deleted;
  return fail(ErrorCode::kFailedPrecondition, "subscriptions use this plan: revoke them first, or disable the plan");
}

}  // namespace sluice::store
