#include "controlplane/store/subscriptions.h"

#include <algorithm>
#include <chrono>

#include "common/base/uuid.h"
#include "controlplane/store/row_access.h"
#include "controlplane/store/subscription_plans.h"
#include "controlplane/store/users.h"

namespace sluice::store {

namespace {

#define SLUICE_SUBSCRIPTION_COLUMNS \
  "id, user_id, group_id, plan_id, status, starts_at, expires_at, note, revision, created_at, updated_at"

constexpr SystemTime kLatest{std::chrono::sys_days{std::chrono::year{2099} / 12 / 31}};

Subscription read_subscription(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .user_id = row.get<std::string>("user_id"),
          .group_id = row.get<std::string>("group_id"),
          .plan_id = row.get<std::string>("plan_id"),
          .revoked = row.get<std::string>("status") == "revoked",
          .starts_at = row.get<SystemTime>("starts_at"),
          .expires_at = row.get<SystemTime>("expires_at"),
          .note = row.get<std::string>("note"),
          .revision = row.get<std::int64_t>("revision"),
          .created_at = row.get<SystemTime>("created_at"),
          .updated_at = row.get<SystemTime>("updated_at")};
}

SystemTime later(SystemTime from, std::int32_t days) {
  return std::min(from + std::chrono::days(days), kLatest);
}

Result<> check_days(std::int32_t days, std::int32_t least) {
  if (days >= least && days <= kMaxSubscriptionDays && days != 0) return {};
  return fail(ErrorCode::kInvalidArgument, "days must be at most 36500, and not 0");
}

Result<Subscription> push(db::Transaction& tx, Result<Subscription> changed) {
  if (!changed) return changed;
  if (auto touched = touch_users(tx, {changed->user_id}); !touched) return std::unexpected(touched.error());
  return changed;
}

Result<Subscription> write(db::Transaction& tx, const Subscription& row) {
  return push(
      tx, one(tx.exec("UPDATE subscriptions SET plan_id = $2, status = $3, starts_at = $4, expires_at = $5, "
                      "note = $6, revision = revision + 1, updated_at = now() WHERE id = $1 "
                      "RETURNING " SLUICE_SUBSCRIPTION_COLUMNS,
                      row.id, row.plan_id, row.revoked ? "revoked" : "active", row.starts_at, row.expires_at, row.note),
              read_subscription, [&] { return not_found("subscription", row.id); }));
}

// The plan, which stays as it is until the transaction ends, with the days filled in.
Result<SubscriptionPlan> plan_for(db::Transaction& tx, Assignment& wanted) {
  const auto locked = tx.exec("SELECT FROM subscription_plans WHERE id = $1 FOR SHARE", wanted.plan_id);
  if (!locked) return std::unexpected(locked.error());
  auto plan = get_plan(tx, wanted.plan_id);
  if (!plan) return plan;
  if (plan->status == Status::kDeleted) return not_found("subscription plan", wanted.plan_id);
  if (plan->status != Status::kActive) return fail(ErrorCode::kFailedPrecondition, "the plan is disabled");
  if (wanted.days == 0) wanted.days = plan->days;
  if (auto ok = check_days(wanted.days, 1); !ok) return std::unexpected(ok.error());
  return plan;
}

Result<std::optional<Subscription>> lock_existing(db::Transaction& tx, const std::string& user,
                                                  const std::string& group) {
  const auto rows = tx.exec("SELECT " SLUICE_SUBSCRIPTION_COLUMNS
                            " FROM subscriptions WHERE user_id = $1 AND group_id = $2 AND status = 'active' FOR UPDATE",
                            user, group);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return read_subscription(rows->front());
}

Result<Subscription> insert(db::Transaction& tx, const Assignment& wanted, const std::string& group, SystemTime now) {
  auto rows = tx.exec(
      "INSERT INTO subscriptions (id, user_id, group_id, plan_id, status, starts_at, expires_at, note) "
      "VALUES ($1, $2, $3, $4, 'active', $5, $6, $7) "
      "ON CONFLICT (user_id, group_id) WHERE status = 'active' DO NOTHING RETURNING " SLUICE_SUBSCRIPTION_COLUMNS,
      Uuid::generate(now), wanted.user_id, group, wanted.plan_id, now, later(now, wanted.days), wanted.note);
  return push(tx, one(rows, read_subscription, [] {
                return fail(ErrorCode::kUnavailable, "a subscription is being assigned at this moment; try again");
              }));
}

Result<Subscription> assign(db::Transaction& tx, Assignment wanted, SystemTime now, bool extend) {
  const auto plan = plan_for(tx, wanted);
  if (!plan) return std::unexpected(plan.error());
  const auto user = get_user(tx, wanted.user_id);
  if (!user) return std::unexpected(user.error());
  if (user->status == Status::kDeleted) return not_found("user", wanted.user_id);
  auto existing = lock_existing(tx, user->id, plan->group_id);
  if (!existing) return std::unexpected(existing.error());
  if (!*existing) return insert(tx, wanted, plan->group_id, now);
  Subscription row = **existing;
  const bool lives = row.expires_at > now;
  if (lives && !extend) {
    return fail(ErrorCode::kAlreadyExists, "the user has a subscription for this group: extend or revoke it");
  }
  row.plan_id = wanted.plan_id;
  if (!lives) row.starts_at = now;
  row.expires_at = later(lives ? row.expires_at : now, wanted.days);
  if (!wanted.note.empty()) row.note += (row.note.empty() ? "" : "\n") + wanted.note;
  return write(tx, row);
}

}  // namespace

Result<Subscription> assign_subscription(db::Transaction& tx, const Assignment& wanted, SystemTime now) {
  return assign(tx, wanted, now, false);
}

Result<Subscription> assign_or_extend(db::Transaction& tx, const Assignment& wanted, SystemTime now) {
  return assign(tx, wanted, now, true);
}

Result<Subscription> extend_subscription(db::Transaction& tx, std::string_view id, std::int32_t days, SystemTime now) {
  if (auto ok = check_days(days, -kMaxSubscriptionDays); !ok) return std::unexpected(ok.error());
  auto row = one(tx.exec("SELECT " SLUICE_SUBSCRIPTION_COLUMNS " FROM subscriptions WHERE id = $1 FOR UPDATE", id),
                 read_subscription, [&] { return not_found("subscription", id); });
  if (!row) return row;
  if (row->revoked) return fail(ErrorCode::kFailedPrecondition, "the subscription is revoked: assign a new one");
  if (row->expires_at <= now) row->starts_at = now;
  row->expires_at = std::max({later(std::max(row->expires_at, now), days), now, row->starts_at});
  return write(tx, *row);
}

Result<Subscription> revoke_subscription(db::Transaction& tx, std::string_view id) {
  auto row = one(tx.exec("SELECT " SLUICE_SUBSCRIPTION_COLUMNS " FROM subscriptions WHERE id = $1 FOR UPDATE", id),
                 read_subscription, [&] { return not_found("subscription", id); });
  if (!row || row->revoked) return row;
  row->revoked = true;
  return write(tx, *row);
}

Result<Subscription> get_subscription(db::Transaction& tx, std::string_view id) {
  return one(tx.exec("SELECT " SLUICE_SUBSCRIPTION_COLUMNS " FROM subscriptions WHERE id = $1", id), read_subscription,
             [&] { return not_found("subscription", id); });
}

Result<Page<Subscription>> list_subscriptions(db::Transaction& tx, const PageRequest& page,
                                              const SubscriptionFilter& filter) {
  auto position = decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  auto rows = tx.exec("SELECT " SLUICE_SUBSCRIPTION_COLUMNS " FROM subscriptions WHERE " SLUICE_KEYSET(
                          "created_at") "AND ($4::uuid IS NULL OR user_id = $4) "
                      "AND ($5::uuid IS NULL OR group_id = $5) AND ($6::uuid IS NULL OR plan_id = $6) "
                      "AND ($7::timestamptz IS NULL OR status = 'active' AND starts_at <= $7 AND expires_at > $7) "
                      SLUICE_KEYSET_ORDER("created_at"),
                      time_of(*position), id_of(*position), page_size(page) + 1, filter.user_id, filter.group_id,
                      filter.plan_id, filter.active_at);
  if (!rows) return std::unexpected(rows.error());
  return make_page<Subscription>(*rows, page_size(page), read_subscription, position_by_created_at<Subscription>);
}

}  // namespace sluice::store
